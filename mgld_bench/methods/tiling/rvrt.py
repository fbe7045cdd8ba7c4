"""RVRT's tiles: they overlap in time and in space, and are chosen so that one fits the memory.

Source: test_video and test_clip in main_test_rvrt.py of JingyunLiang/RVRT (CC-BY-NC 4.0).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from mgld_bench.clips.clip import ClipSize
from mgld_bench.memory import over_budget
from mgld_bench.methods.compute import Compute
from mgld_bench.networks.sizes.rvrt import BRANCHES, UPSAMPLED_CHANNELS, usual_sampled_bytes

if TYPE_CHECKING:
    from torch import Tensor

PAIR: Final = 2
"""Frames that a network restores together."""
MULTIPLE: Final = 8
"""Sides of whole frames are padded to multiples of it."""
SCALE: Final = 4
_SMALLEST_TILE: Final = 40
"""Pixels; below 33 the authors' network fails."""
_FLOAT: Final = 4
"""Bytes of a float32."""
_PICTURE_BYTES: Final = 3 * _FLOAT
_STEP_BYTES: Final = 320
"""Per LR pixel and channel, for a pair of frames in float32 (measured on a CPU with 24, 48 and 144 channels, rounded up)."""

Span: TypeAlias = tuple[int, int]
"""First index, and the first one after the end."""
Read: TypeAlias = "Callable[[int, int], Tensor]"
"""The frames start ... stop - 1: (stop - start, 3, h, w) float32 RGB in [0, 1], on the CPU."""
Enlarge: TypeAlias = "Callable[[Tensor], Iterator[Tensor]]"
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
    """Tiles of an axis, the last one moved back to end with the axis.

    >>> spans(10, 4, 1), spans(3, 4, 1), spans(10, 0, 1)
    ([(0, 4), (3, 7), (6, 10)], [(0, 3)], [(0, 10)])

    Args:
        length: of the axis.
        tile: length of a tile, more than ``overlap``; 0: the whole axis.
        overlap: of neighbouring tiles.
    """
    if tile == 0:
        return [(0, length)]
    starts = [*range(0, length - tile, tile - overlap), max(0, length - tile)]
    return [(start, min(start + tile, length)) for start in starts]


def restored_frames(enlarge: Enlarge, read: Read, count: int, tiling: ClipTiling, start: int = 0) -> Iterator[Tensor]:
    """The restored frames ``start`` ... ``count`` - 1 of a clip, each (3, 4h, 4w) float32 on the CPU, not clamped.

    Where tiles overlap in time, a frame is the mean of their results; no frame depends on ``start``. One tile of restored frames
    is held at a time.
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

    The last frame of an odd number is repeated. Kept: of a tile, overlap // 2 pixels of the restored frame (not four
    times as many) are dropped at its top and left and the rest of ``overlap`` at its bottom and right, unless the frame ends
    there; what still overlaps is a plain mean.
    """
    import torch

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
    """The part of an axis of the restored frame that a tile contributes."""
    near = overlap // 2 if first > 0 else 0
    far = overlap - overlap // 2 if stop < length else 0
    return slice(SCALE * first + near, SCALE * stop - far)


def _shifted(place: slice, by: int) -> slice:
    return slice(place.start - by, place.stop - by)


def _mirrored(frames: Tensor, rows: int, columns: int) -> Tensor:
    """``frames`` with their last rows and columns mirrored onto the bottom and the right, the border itself included."""
    return frames[:, :, _mirror(frames.shape[2], rows)][..., _mirror(frames.shape[3], columns)]


def _mirror(length: int, wanted: int) -> Tensor:
    import torch

    places = torch.arange(wanted) % (2 * length)
    return torch.minimum(places, 2 * length - 1 - places)


@dataclass(frozen=True)
class RVRTMemory:
    """What RVRT takes for a tile, in bytes."""

    step: int
    """Per LR pixel, for a pair of frames while it is computed."""
    features: int
    """Per LR pixel and frame, for everything that is kept until the end."""
    fixed: int
    """Whatever the size of the tile: the keys and values that are sampled at a time, with indices and weights."""

    def work(self, height: int, width: int, frames: int) -> int:
        """For a tile while it is computed, without the features that are kept."""
        flows = frames * height * width * 8 * _FLOAT
        return self.fixed + height * width * self.step + flows

    def kept(self, height: int, width: int, frames: int) -> int:
        """For the features of a tile that are kept."""
        return height * width * frames * self.features


@dataclass(frozen=True)
class RVRTPlan:
    """How a clip is cut, and where features are kept."""

    tiling: ClipTiling
    store: str
    """A torch device."""


def network_memory(channels: int, value_bytes: int, device: str) -> RVRTMemory:
    """What a network with ``channels`` takes."""
    # Of the shallow extractor and all branches but the last one.
    kept = len(BRANCHES) * channels * value_bytes
    # In half precision what finds the offsets is in float32 all the same.
    return RVRTMemory(_STEP_BYTES * max(channels, UPSAMPLED_CHANNELS), kept, 2 * usual_sampled_bytes(device.partition(":")[0]))


def plan_tiles(clip: ClipSize, tiling: ClipTiling, memory: RVRTMemory, compute: Compute) -> RVRTPlan:
    """How ``clip`` is cut: by ``tiling``, or, if that does not fit the memory, with the largest smaller tiles that do.

    Features are kept in the CPU's memory if the device is a GPU that cannot hold them too.

    Raises:
        InputError: if not even the smallest tile fits.
    """
    limit, device = compute.memory_budget(), compute.device
    frames = min(tiling.frames or clip.frame_count, clip.frame_count)
    frames += frames % PAIR
    needed = 0
    for side in _candidates(clip, tiling):
        rows, columns = (_seen(length, side) for length in (clip.height, clip.width))
        work, kept = memory.work(rows, columns, frames), memory.kept(rows, columns, frames)
        if device != "cpu":
            needed = work
            store = device if work + kept <= limit else "cpu"
        else:
            restored = frames * clip.height * clip.width * SCALE**2 * _PICTURE_BYTES
            needed = work + kept + restored
            store = device
        if needed <= limit:
            return RVRTPlan(replace(tiling, side=side), store)
    what = f"clip {clip.name}: restoring {frames} frames of {columns} x {rows} at once"
    raise over_budget(what, needed, limit, "set the option tile_frames to fewer frames")


def _candidates(clip: ClipSize, tiling: ClipTiling) -> list[int]:
    """The side that was asked for, then smaller ones."""
    below = tiling.side or max(_seen(length, 0) for length in (clip.height, clip.width))
    smallest = max(_SMALLEST_TILE, tiling.overlap - tiling.overlap % MULTIPLE + MULTIPLE)
    return [tiling.side, *range(below - MULTIPLE, smallest - 1, -MULTIPLE)]


def _seen(length: int, side: int) -> int:
    """Rows or columns of a tile in a frame of this length."""
    return min(length, side) if side else length + -length % MULTIPLE
