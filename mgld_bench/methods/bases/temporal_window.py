"""Windows of neighbouring frames that slide over a clip."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, TypeVar

Border = Literal["new_info", "replicate"]
"""What takes the place of frames before the first and after the last one."""

Item = TypeVar("Item")


def window_around(index: int, frame_count: int, size: int, border: Border) -> tuple[int, ...]:
    """The frames of the window of odd ``size`` around frame ``index``, in order of time.

    new_info: the window's place for a frame that is not there takes one from the far side, beyond those that are in the window
    already, so that no frame comes twice: with 3 frames (2, 0, 1) at the start and (n - 2, n - 1, n - 3) at the end. replicate:
    the first or the last frame again: (0, 0, 1) and (n - 2, n - 1, n - 1). Source: index_generation in data/util.py of EDVR and
    RealVSR.

    The authors' code fails for new_info in clips shorter than the window. Here, a frame that the rule asks for and that is not
    there is replaced by the one nearest to it: two frames give (1, 0, 1) and (0, 1, 0), a single one (0, 0, 0).
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
    """The items of each window, by index; ``items`` begins with the item of index ``first``.

    Each item is taken once, when the first window needs it, and held as long as windows need it: neither the smallest nor the
    largest index of a window may be below that of the window before.
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
