"""How many frames are scored at a time: from the memory that is free, and fewer where that was not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import cv2
import psutil

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Metric
from mgld_bench.out_of_memory import in_smaller_parts, is_out_of_memory

Result = TypeVar("Result")

CPU_PIXELS = 1 << 21
"""On a CPU frames of this many pixels together make a chunk: more gain nothing there."""
GPU_PIXELS = 1 << 24
USABLE_SHARE = 0.5
"""Of the free memory, as other work wants some as well."""


def chunk_size(clip: ClipFacts, metrics: Iterable[Metric], device: str) -> int:
    """Frames of ``clip`` that are scored at a time on a torch ``device``, at least one."""
    needs = [metric.memory(clip) for metric in {metric.facts.name: metric for metric in metrics}.values()]
    frames = (CPU_PIXELS if device == "cpu" else GPU_PIXELS) // (clip.height * clip.width)
    per_frame = sum(of_frame for _, of_frame in needs)
    if per_frame:
        room = USABLE_SHARE * free_memory(device) - max(fixed for fixed, _ in needs)
        frames = min(frames, int(room // per_frame))
    return max(1, frames)


def free_memory(device: str) -> int:
    """Bytes that are free on a torch ``device``."""
    if not device.startswith("cuda"):
        return psutil.virtual_memory().available
    import torch

    return int(torch.cuda.mem_get_info(device)[0])


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
