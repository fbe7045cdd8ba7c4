"""Has the C library keep large freed blocks of memory for the next frame."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

_TRIM_THRESHOLD: Final = -1
_MMAP_MAX: Final = -4
"""Parameters of glibc's mallopt(3)."""
_MOST_KEPT: Final = 2**31 - 1
"""Bytes that stay with the process when they are free; beyond these they go back to the system."""


def keep_freed_memory() -> None:
    """Let the memory of one frame's feature maps serve the next frame; where the C library is another than glibc: nothing.

    glibc gives blocks above 32 MiB back at once, and the kernel then fills new ones with zeros page by page, which takes a
    quarter of the time of a network on a CPU.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
