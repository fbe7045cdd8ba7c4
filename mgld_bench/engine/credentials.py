"""Passwords in addresses of databases are never shown: not in errors and logs, not in what is recorded of a run."""

from __future__ import annotations

import re
from typing import Final

from sqlalchemy.engine import URL

_USER: Final = re.compile(r"(?P<start>\b[a-z][a-z0-9+.-]*://[^\s:/@]*):[^\s@]+@", re.IGNORECASE)
_FIELD: Final = re.compile(r"(?P<start>\b(?:ssl)?password=)[^\s&'\"]+", re.IGNORECASE)


def without_credentials(text: str) -> str:
    """``text`` with the passwords of the addresses in it replaced.

    >>> without_credentials("run demo --store postgresql://me:secret@db/scores?sslpassword=secret")
    'run demo --store postgresql://me:***@db/scores?sslpassword=***'
    """
    return _FIELD.sub(r"\g<start>***", _USER.sub(r"\g<start>:***@", text))


def shown(url: str | URL) -> str:
    """An address for people, without the passwords in it."""
    return without_credentials(url if isinstance(url, str) else url.render_as_string(hide_password=True))
