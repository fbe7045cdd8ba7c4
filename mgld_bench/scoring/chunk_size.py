"""How many frames are scored at a time: as many as half of the free memory holds, and fewer where that was not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import cv2

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.memory import in_smaller_parts, is_out_of_memory, memory_budget_now
from mgld_bench.metrics.metric import Metric

Result = TypeVar("Result")

CPU_PIXELS = 1 << 21
"""On a CPU frames of this many pixels together make a chunk: more gain nothing there."""
GPU_PIXELS = 1 << 24


def chunk_size(clip: ClipFacts, metrics: Iterable[Metric], device: str) -> int:
    """Frames of ``clip`` that are scored at a time on a torch ``device``, at least one."""
    needs = [metric.memory(clip) for metric in {metric.facts.name: metric for metric in metrics}.values()]
    frames = (CPU_PIXELS if device == "cpu" else GPU_PIXELS) // (clip.height * clip.width)
    per_frame = sum(need.per_frame for need in needs)
    if per_frame:
        room = memory_budget_now(device) - max(need.fixed for need in needs)
        frames = min(frames, room // per_frame)
    return max(1, frames)


def in_smaller_chunks(run: Callable[[int], Result], size: int, clip: str, say: Callable[[str], None]) -> Result:
    """``run(size)``; where memory is not enough, again with half of the frames at a time, down to one.

    Chunks change no score, so that the result is the same. ``clip``: its name, for what is said. Raises InputError where not even
    one frame at a time fits.
    """

    def smaller(frames: int) -> None:
        say(f"clip {clip}: not enough memory; scored again with {frames} frame{'s' if frames > 1 else ''} at a time")

    try:
        return in_smaller_parts(run, size, smaller)
    except (MemoryError, RuntimeError, cv2.error) as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"clip {clip}: not enough memory to score one frame at a time; free some, or score fewer metrics at once"
        ) from None
