"""Data as script files: a page that is opened from disk can load scripts, but not read files."""

from __future__ import annotations

import json

_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"}
"""What could end a script that somebody puts into a page."""


def data_script(name: str, value: object) -> str:
    """A script that hands ``value`` to the page under ``name``.

    Plain ASCII, so that no text can end the script or a line of it. Infinity and NaN are written as scripts have them.
    """
    return f"mgld.receive({_text(name)}, {_text(value)});\n"


def _text(value: object) -> str:
    text = json.dumps(value, separators=(",", ":"))
    for character, escape in _UNSAFE.items():
        text = text.replace(character, escape)
    return text
