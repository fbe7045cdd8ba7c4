"""How many frames are scored at a time: from the memory that is free, and fewer where that was not enough."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import cv2
import psutil

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Metric

Result = TypeVar("Result")

CPU_PIXELS = 1 << 21
"""On a CPU frames of this many pixels together make a chunk: more gain nothing there."""
GPU_PIXELS = 1 << 24
USABLE_SHARE = 0.5
"""Of the free memory, as other work wants some as well."""

_SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "insufficient memory")
"""In the messages of PyTorch and OpenCV, which have no type of their own for it on a CPU."""


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
    while True:
        try:
            return run(size)
        except (MemoryError, RuntimeError, cv2.error) as error:
            if not is_out_of_memory(error):
                raise
            if size == 1:
                raise InputError(
                    f"clip {clip}: not enough memory to score one frame at a time; free some, or score fewer metrics at once"
                ) from None
        # Only here, after the error, is what it held on to free again.
        size //= 2
        say(f"clip {clip}: not enough memory; scored again with {size} frame{'s' if size > 1 else ''} at a time")
        _release()


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory is not enough, on the CPU or on a GPU."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _SIGNS)


def _release() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
