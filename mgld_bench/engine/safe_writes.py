"""What keeps results whole: one writer per folder."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from mgld_bench.clips.atomic import require_writable
from mgld_bench.errors import InputError

LOCK: Final = ".lock"
_GLANCE: Final = 0.5
"""Seconds: far longer than has_writer() holds a lock."""


@contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Hold the lock of ``folder``, which is created where it is missing.

    Raises:
        InputError: another run holds the lock, or the folder cannot be written to.
    """
    require_writable(folder)
    lock = FileLock(folder / LOCK)
    try:
        # For a moment, somebody may be looking whether a run is going on.
        lock.acquire(timeout=_GLANCE, poll_interval=_GLANCE / 10)
    except Timeout:
        raise InputError(f"{folder}: another run is using this folder; wait for it, or use a different folder") from None
    try:
        yield
    finally:
        lock.release()


def has_writer(folder: Path) -> bool:
    """Whether a different process holds the lock of ``folder``; where that cannot be found out: no."""
    if not (folder / LOCK).exists():
        return False
    lock = FileLock(folder / LOCK)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    except OSError:
        return False
    lock.release()
    return False
