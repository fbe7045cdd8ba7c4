"""Memory: how much work may take, and what happens where it was not enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, TypeVar

import psutil

from mgld_bench.errors import InputError

Result = TypeVar("Result")

_SHARE: Final = 0.5
"""Of a device's memory: the rest is for weights, for PyTorch's own caches and for other programs."""

_SIGNS: Final = ("out of memory", "not enough memory", "can't allocate memory", "insufficient memory")
"""In the messages of PyTorch and OpenCV, which have no exception type for a CPU that is out of memory."""


def memory_budget(device: str, max_memory: int | None = None) -> int:
    """The bytes that work on a torch ``device`` may take: ``max_memory`` where it is given, else half of the device's memory.

    Half of the total, not of what is free now: tiles and windows change pixels, so the same machine has to choose the same ones,
    busy or not.

    >>> memory_budget("cpu", max_memory=8_000_000_000)
    8000000000
    """
    return int(_SHARE * total_memory(device)) if max_memory is None else max_memory


def memory_budget_now(device: str) -> int:
    """Half of what is free on a torch ``device`` at this moment, in bytes.

    Only for work whose result does not depend on how it is cut, such as scoring in chunks of frames.
    """
    return int(_SHARE * free_memory(device))


def total_memory(device: str) -> int:
    """The memory of a torch ``device`` in bytes."""
    if not device.startswith("cuda"):
        return psutil.virtual_memory().total
    import torch

    return int(torch.cuda.get_device_properties(torch.device(device)).total_memory)


def free_memory(device: str) -> int:
    """The free memory of a torch ``device`` in bytes."""
    if not device.startswith("cuda"):
        return psutil.virtual_memory().available
    import torch

    return int(torch.cuda.mem_get_info(device)[0])


def over_budget(what: str, needed: int, allowed: int, alternative: str = "") -> InputError:
    """The error for work that does not fit its budget even in the smallest parts.

    Args:
        what: the clip and the work, as a singular subject: "clip 000: one frame of 320 x 180".
        needed: bytes that it takes.
        allowed: bytes of its budget.
        alternative: what else helps, beside allowing more: "set the option tile_frames to fewer frames".
    """
    return InputError(
        f"{what} takes about {needed / 1e6:.0f} MB, {allowed / 1e6:.0f} MB are allowed; allow more memory with --max-memory"
        f"{f', or {alternative}' if alternative else ''}"
    )


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error`` means that memory was not enough, on the CPU or on a GPU."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _SIGNS)


def in_smaller_parts(run: Callable[[int], Result], size: int, on_smaller: Callable[[int], None]) -> Result:
    """``run(size)``; where memory is not enough, again with half of ``size``, down to one.

    Args:
        run: does the work, so many parts at a time.
        size: parts at a time to begin with, at least one.
        on_smaller: called with each new size before it is tried, when the memory of the failed attempt is free again.

    Raises:
        Exception: what ``run`` raised: at once if it is not about memory, at size one in any case.
    """
    while True:
        try:
            return run(size)
        except Exception as error:
            if size == 1 or not is_out_of_memory(error):
                raise
        # Only here, after the error, is what it held on to free again.
        size //= 2
        _release()
        on_smaller(size)


def _release() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
