"""Work that is done again in smaller parts where memory was not enough."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

_SIGNS = ("out of memory", "not enough memory", "can't allocate memory", "insufficient memory")
"""In the messages of PyTorch and OpenCV, which have no type of their own for it on a CPU."""


def is_out_of_memory(error: Exception) -> bool:
    """Whether an error says that memory is not enough, on the CPU or on a GPU."""
    return isinstance(error, MemoryError) or any(sign in str(error).lower() for sign in _SIGNS)


def in_smaller_parts(run: Callable[[int], Result], size: int, smaller: Callable[[int], None]) -> Result:
    """``run(size)``; where memory is not enough, again with half of ``size``, down to one.

    ``smaller`` is told each new size before it is tried, with the memory of the failed attempt free again. At size one the error
    is raised as it came.
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
        smaller(size)


def _release() -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
