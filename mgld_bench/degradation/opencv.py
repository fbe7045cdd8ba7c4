"""OpenCV with one result on every machine."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import cv2

_lock = threading.Lock()
_inside = 0
_before = True


@contextmanager
def portable_opencv() -> Iterator[None]:
    """Run OpenCV's plain code inside: without code chosen by the CPU's vector units, and without IPP.

    With them, filters and resizes differ in the last bits (uint8: by a level) between CPUs. The number of OpenCV's threads has no
    influence on the operators of this folder. The switch is OpenCV's own and holds for the process; it may be nested and entered
    from several threads.
    """
    global _inside, _before  # noqa: PLW0603 (mirrors OpenCV's switch, which is global as well)
    ipp_before = cv2.ipp.useIPP()
    with _lock:
        if _inside == 0:
            _before = cv2.useOptimized()
        _inside += 1
        cv2.setUseOptimized(False)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                cv2.setUseOptimized(_before)
        # IPP is switched per thread: the last one to leave would switch it back for itself only.
        cv2.ipp.setUseIPP(ipp_before)
