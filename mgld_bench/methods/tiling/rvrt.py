"""Running a network on a clip in tiles that overlap in time and in space, as RVRT's authors do.

Source: test_video and test_clip in main_test_rvrt.py of JingyunLiang/RVRT (CC-BY-NC 4.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

import torch
from torch import Tensor

PAIR: Final = 2
"""Frames that a network restores together."""
MULTIPLE: Final = 8
"""Sides of whole frames are padded to multiples of it."""
SCALE: Final = 4

Span: TypeAlias = tuple[int, int]
"""First index, and the first one after the end."""
Read: TypeAlias = Callable[[int, int], Tensor]
"""The frames start ... stop - 1: (stop - start, 3, h, w) float32 RGB in [0, 1], on the CPU."""
Enlarge: TypeAlias = Callable[[Tensor], Iterator[Tensor]]
"""An even number of frames (d, 3, h, w) to their restored pairs in order, each (2, 3, 4h, 4w) float32 on the CPU."""


@dataclass(frozen=True)
class ClipTiling:
    """How a clip is cut. Tiles have to be longer than their overlap."""

    frames: int
    """Of a tile; 0: the whole clip."""
    side: int
    """Rows and columns of a tile; 0: whole frames, padded to multiples of 8 by mirroring."""
    overlap_frames: int
    overlap: int
    """Pixels of the LR frame."""


def spans(length: int, tile: int, overlap: int) -> list[Span]:
    """Tiles of an axis, the last one moved back to end with it; an axis no longer than ``tile`` is one. ``tile`` 0: the whole."""
    if tile == 0:
        return [(0, length)]
    starts = [*range(0, length - tile, tile - overlap), max(0, length - tile)]
    return [(start, min(start + tile, length)) for start in starts]


def restored_frames(enlarge: Enlarge, read: Read, count: int, tiling: ClipTiling, start: int = 0) -> Iterator[Tensor]:
    """The restored frames ``start`` ... ``count`` - 1 of a clip, each (3, 4h, 4w) float32 on the CPU, not clamped.

    Where tiles overlap in time, a frame is the mean of what each gives for it; no frame depends on ``start``. One tile of
    restored frames is held at a time.
    """
    stretches = spans(count, tiling.frames, tiling.overlap_frames)
    held: dict[int, Tensor] = {}
    for place, (first, stop) in enumerate(stretches):
        if stop <= start:
            continue
        held = _added(held, restored_stretch(enlarge, read(first, stop), tiling), first, start)
        settled = stretches[place + 1][0] if place + 1 < len(stretches) else count
        for index in sorted(index for index in held if index < settled):
            yield held.pop(index) / sum(opening <= index < closing for opening, closing in stretches)
        # Copies, as the frames of a stretch are views of all of it.
        held = {index: frame.clone() for index, frame in held.items()}


def restored_stretch(enlarge: Enlarge, frames: Tensor, tiling: ClipTiling) -> Tensor:
    """All of ``frames`` (d, 3, h, w), restored in tiles of space: (d, 3, 4h, 4w) float32, not clamped.

    To an odd number the last frame is added once more. Kept: of a tile, overlap // 2 pixels of the restored frame (not four
    times as many) are dropped at its top and left and the rest of ``overlap`` at its bottom and right, unless the frame ends
    there; what still overlaps is a plain mean.
    """
    count, _, height, width = frames.shape
    padded = frames if count % PAIR == 0 else torch.cat([frames, frames[-1:]])
    if tiling.side == 0:
        padded = _mirrored(padded, height + -height % MULTIPLE, width + -width % MULTIPLE)
    rows, columns = padded.shape[2:]
    total = frames.new_zeros(padded.shape[0], 3, SCALE * rows, SCALE * columns)
    times = frames.new_zeros(SCALE * rows, SCALE * columns)
    for top, bottom in spans(rows, tiling.side, tiling.overlap):
        for left, right in spans(columns, tiling.side, tiling.overlap):
            down, across = _kept(top, bottom, rows, tiling.overlap), _kept(left, right, columns, tiling.overlap)
            inside = (..., _shifted(down, SCALE * top), _shifted(across, SCALE * left))
            for index, pair in enumerate(enlarge(padded[..., top:bottom, left:right])):
                total[PAIR * index : PAIR * (index + 1), :, down, across] += pair[inside]
            times[down, across] += 1
    return total.div_(times)[:count, :, : SCALE * height, : SCALE * width]


def _added(held: dict[int, Tensor], restored: Tensor, first: int, start: int) -> dict[int, Tensor]:
    """``held`` with the frames of ``restored``, whose first one has the index ``first``; those before ``start`` are left out."""
    added = dict(held)
    for index, frame in enumerate(restored, first):
        if index >= start:
            added[index] = held[index] + frame if index in held else frame
    return added


def _kept(first: int, stop: int, length: int, overlap: int) -> slice:
    """Which part of an axis of the restored frame a tile gives."""
    near = overlap // 2 if first > 0 else 0
    far = overlap - overlap // 2 if stop < length else 0
    return slice(SCALE * first + near, SCALE * stop - far)


def _shifted(place: slice, by: int) -> slice:
    return slice(place.start - by, place.stop - by)


def _mirrored(frames: Tensor, rows: int, columns: int) -> Tensor:
    """``frames`` with their last rows and columns mirrored onto the bottom and the right, the border itself included."""
    return frames[:, :, _mirror(frames.shape[2], rows)][..., _mirror(frames.shape[3], columns)]


def _mirror(length: int, wanted: int) -> Tensor:
    places = torch.arange(wanted) % (2 * length)
    return torch.minimum(places, 2 * length - 1 - places)
