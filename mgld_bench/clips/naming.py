"""The name of a clip: the one that the user gave it, never that of a link's target; and names as text that can be printed."""

from __future__ import annotations

import os
from pathlib import Path

from mgld_bench.shown_text import visible_name


def given_name(path: Path) -> str:
    """The last part of ``path`` as the user gave it: links are not followed.

    ``.`` and ``..`` are named as the shell names them, by the path that led there.
    """
    if path.name not in ("", ".."):
        return printable(path.name)
    logical = Path(os.path.normpath(Path(os.environ.get("PWD", ".")) / path))
    # normpath knows nothing of links: a/.. is not where it looks if a is one.
    found = logical if logical.is_absolute() and _same(logical, path) else path.resolve()
    return printable(found.name)


def printable(name: str) -> str:
    r"""A file name, or a path, as text; bytes that are not UTF-8 are written as \xe9, and control characters likewise.

    Python keeps such bytes as lone surrogates, which can be neither printed nor stored in JSON or a database.

    >>> printable("caf\udce9"), printable("café"), printable("a\nb")
    ('caf\\xe9', 'café', 'a\\nb')
    """
    return visible_name(os.fsencode(name).decode("utf-8", "backslashreplace"))


def _same(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:
        return False
