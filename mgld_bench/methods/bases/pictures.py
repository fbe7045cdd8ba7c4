"""From a clip's frames to what networks take, and back: pictures, and windows of neighbouring frames."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Final, Literal, TypeVar

import numpy as np

from mgld_bench.clips.clip import Frame
from mgld_bench.methods.restorer import NotFiniteError

if TYPE_CHECKING:
    from torch import Tensor

Border = Literal["new_info", "replicate"]
"""What stands in for frames before the first and after the last one."""

NOT_FINITE: Final = "the network's output has values that are infinite or not a number"

Item = TypeVar("Item")


def to_pictures(frames: Sequence[Frame]) -> Tensor:
    """Frames (h, w, 3) uint8 as (n, 3, h, w) float32 RGB in [0, 1], on the CPU."""
    import torch

    return torch.from_numpy(np.stack(frames).astype(np.float32) / 255).permute(0, 3, 1, 2).contiguous()


def to_frame(raw: Tensor) -> Frame:
    """(3, h, w) float RGB, on any device, as (h, w, 3) uint8: clamped to [0, 1], times 255, rounded half to even.

    Raises NotFiniteError for what is no picture.
    """
    require_finite(raw)
    return np.ascontiguousarray(to_levels(raw).cpu().numpy())


def to_levels(raw: Tensor) -> Tensor:
    """(3, h, w) float RGB as (h, w, 3) uint8 on the same device: clamped to [0, 1], times 255, rounded half to even."""
    import torch

    return (raw.float().clamp(0, 1) * 255).round().to(torch.uint8).permute(1, 2, 0)


def require_finite(raw: Tensor) -> None:
    """Raise NotFiniteError if a value is infinite or not a number: as 8 bits, it would look like a picture."""
    import torch

    # The largest absolute value is not a number where one is not.
    if not bool(torch.isfinite(raw.abs().amax())):
        raise NotFiniteError(NOT_FINITE)


def window_around(index: int, frame_count: int, size: int, border: Border) -> tuple[int, ...]:
    """The frames of the window of odd ``size`` around frame ``index``, in order of time.

    new_info: a frame that does not exist is replaced by one from the far side, beyond those already in the window, so no frame
    comes twice. replicate: the first or the last frame is repeated. Source: index_generation in data/util.py of EDVR and RealVSR.

    The authors' code fails for new_info in clips shorter than the window. Here, a frame that the rule asks for and that does not
    exist either is replaced by the nearest one: two frames give (1, 0, 1) and (0, 1, 0), a single one (0, 0, 0).

    >>> window_around(0, 10, 3, "new_info"), window_around(9, 10, 3, "new_info")
    ((2, 0, 1), (8, 9, 7))
    >>> window_around(0, 10, 3, "replicate"), window_around(9, 10, 3, "replicate")
    ((0, 0, 1), (8, 9, 9))
    """
    half, last = size // 2, frame_count - 1
    start, end = index - half, index + half
    window = range(start, end + 1)
    if border == "replicate":
        return tuple(_nearest(wanted, last) for wanted in window)
    return tuple(_nearest(_from_far_side(wanted, start, end, last), last) for wanted in window)


def _nearest(wanted: int, last: int) -> int:
    return min(max(wanted, 0), last)


def _from_far_side(wanted: int, start: int, end: int, last: int) -> int:
    if wanted < 0:
        return end - wanted
    if wanted > last:
        return start - (wanted - last)
    return wanted


def sliding(items: Iterator[Item], first: int, windows: Iterable[Sequence[int]]) -> Iterator[list[Item]]:
    """The items of each window, by index.

    Each item is taken once, when the first window needs it, and held as long as windows need it.

    >>> list(sliding(iter("bcd"), 1, [(1, 2), (2, 3)]))
    [['b', 'c'], ['c', 'd']]

    Args:
        items: in order of their index.
        first: the index of the first item.
        windows: the indices of each window. Neither the smallest nor the largest may be below that of the window before.
    """
    held: dict[int, Item] = {}
    upcoming = first
    for window in windows:
        for index in [index for index in held if index < min(window)]:
            del held[index]
        while upcoming <= max(window):
            held[upcoming] = next(items)
            upcoming += 1
        yield [held[index] for index in window]
