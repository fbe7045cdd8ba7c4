"""Only ordinary files are read: a pipe never begins, and a device never ends."""

from __future__ import annotations

import stat
from pathlib import Path

from mgld_bench.errors import InputError

_KINDS = {
    stat.S_IFIFO: "a pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


def require_regular(path: Path) -> None:
    """Raise InputError where ``path`` is there and is no ordinary file, nor a link to one. Raises OSError where it is not."""
    mode = path.stat().st_mode
    if not stat.S_ISREG(mode):
        raise InputError(f"{path}: is {_KINDS.get(stat.S_IFMT(mode), 'something')}, not a file; store its content as one")
