"""How many frames are scored at a time, so that they fit the memory; fewer where that was not enough."""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

import cv2

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.memory import in_smaller_parts, is_out_of_memory
from mgld_bench.metrics.metric import Metric

Result = TypeVar("Result")

CPU_PIXELS: Final = 1 << 21
"""On a CPU, frames of this many pixels together make a chunk: larger ones gain nothing there."""
GPU_PIXELS: Final = 1 << 24
_TRIM_THRESHOLD: Final = -1
_MMAP_MAX: Final = -4
"""Parameters of glibc's mallopt(3)."""
_MOST_KEPT: Final = 2**31 - 1
"""Freed bytes that stay with the process; what exceeds them goes back to the system."""


class NotEnoughMemoryError(InputError):
    """Not even one frame at a time can be scored by all metrics together."""


def chunk_size(clip: ClipFacts, metrics: Iterable[Metric], device: str, budget: int) -> int:
    """How many frames of a clip are scored at a time, at least one.

    Args:
        clip: The restored clip.
        metrics: All metrics that score it; a metric that several methods share counts once.
        device: The torch device on which they compute.
        budget: Bytes that they may take there.
    """
    needs = [metric.memory(clip) for metric in {metric.facts.name: metric for metric in metrics}.values()]
    frames = (CPU_PIXELS if device == "cpu" else GPU_PIXELS) // (clip.height * clip.width)
    per_frame = sum(need.per_frame for need in needs)
    if per_frame:
        frames = min(frames, (budget - max(need.fixed for need in needs)) // per_frame)
    return max(1, frames)


def in_smaller_chunks(run: Callable[[int], Result], size: int, clip: str, log: Callable[[str], None]) -> Result:
    """``run(size)``; where memory is not enough, again with half as many frames at a time, down to one.

    Args:
        run: Scores a clip in chunks of so many frames. Chunks change no score, so that every size gives the same result.
        size: Frames at a time to begin with.
        clip: The clip's name, for messages.
        log: Called with a line before each repetition.

    Raises:
        NotEnoughMemoryError: Not even one frame at a time fits.
    """

    def repeat(frames: int) -> None:
        log(f"clip {clip}: not enough memory; scored again with {frames} frame{'s' if frames > 1 else ''} at a time")

    try:
        return in_smaller_parts(run, size, repeat)
    except (MemoryError, RuntimeError, cv2.error) as error:
        if not is_out_of_memory(error):
            raise
        raise NotEnoughMemoryError(
            f"clip {clip}: not enough memory to score one frame at a time; free some, or score fewer metrics at once"
        ) from None


def keep_freed_memory() -> None:
    """Let the memory of one frame's feature maps be used for the next frame; only the C library glibc needs this.

    glibc returns blocks above 32 MiB at once, and the kernel then fills new ones with zeros page by page, which takes a quarter
    of the time of a network on a CPU.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_MMAP_MAX, 0)
        mallopt(_TRIM_THRESHOLD, _MOST_KEPT)
