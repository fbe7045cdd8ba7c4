"""A file that stands for work under way: whoever makes it holds it, and what a killed process left is nobody's."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

if sys.platform != "win32":
    import fcntl


UNFINISHED: Final = ".unfinished"
"""The name of the file that is held in a folder while it is filled."""


@contextmanager
def held(place: Path) -> Iterator[None]:
    """Make the empty file ``place`` and hold it while the block runs; then it is removed, unless the block has moved it away.

    Waits as long as somebody else holds it, in this process or another one. One that was left by a process that was killed is
    taken over: the system releases what it held. Where the file system knows no such locks, nobody waits.

    Raises OSError where it cannot be made.
    """
    file = _take(place)
    try:
        yield
    finally:
        try:
            # Still held: whoever waits for it opens it anew once it is gone.
            if _is_at(file, place):
                place.unlink(missing_ok=True)
        finally:
            os.close(file)


def is_held(place: Path) -> bool:
    """Whether ``place`` is there and somebody holds it; where that cannot be found out: yes. Raises OSError but for absence."""
    try:
        file = os.open(place, os.O_RDWR)
    except FileNotFoundError:
        return False
    try:
        return not _lock(file, wait=False)
    finally:
        os.close(file)


def _take(place: Path) -> int:
    while True:
        file = os.open(place, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(file, wait=True)
            if _is_at(file, place):
                os.ftruncate(file, 0)
                return file
        except BaseException:
            os.close(file)
            raise
        # Whoever held it has removed it, or made of it what it was for.
        os.close(file)


def _lock(file: int, *, wait: bool) -> bool:
    """Whether the lock was taken."""
    if sys.platform == "win32":
        return wait
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        # Held, or a file system without locks.
        return False
    return True


def _is_at(file: int, place: Path) -> bool:
    with suppress(FileNotFoundError):
        return os.path.samestat(os.fstat(file), place.lstat())
    return False
