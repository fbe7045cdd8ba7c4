"""How much memory RVRT takes for a tile, and which tile fits."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import torch

from mgld_bench.clips.clip import Clip
from mgld_bench.memory import over_budget
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.tiling.rvrt import MULTIPLE, PAIR, SCALE, ClipTiling
from mgld_bench.networks.rvrt.alignment import usual_sampled_bytes
from mgld_bench.networks.rvrt.network import BRANCHES, UPSAMPLED_CHANNELS

_SMALLEST_TILE: Final = 40
"""Pixels: below 33 the authors' network does not work."""
_PICTURE_BYTES: Final = 3 * torch.float32.itemsize
_STEP_BYTES: Final = 320
"""Per LR pixel and channel, for a pair of frames in float32 (measured on a CPU with 24, 48 and 144 channels, rounded up)."""


@dataclass(frozen=True)
class RVRTMemory:
    """What a network of a certain size takes, in bytes."""

    step: int
    """Per LR pixel, for a pair of frames while it is computed."""
    features: int
    """Per LR pixel and frame, for all that is kept until the end."""
    fixed: int
    """Whatever the size of the tile: keys and values that are sampled at a time, with indices and weights."""

    def work(self, height: int, width: int, frames: int) -> int:
        """For a tile while it is computed, without features that are kept."""
        flows = frames * height * width * 8 * torch.float32.itemsize
        return self.fixed + height * width * self.step + flows

    def kept(self, height: int, width: int, frames: int) -> int:
        """For the features of a tile."""
        return height * width * frames * self.features


@dataclass(frozen=True)
class RVRTPlan:
    """How a clip is cut and where features are kept."""

    tiling: ClipTiling
    store: torch.device


def network_memory(channels: int, dtype: torch.dtype, device: torch.device) -> RVRTMemory:
    """Of a network with ``channels``."""
    # Of the shallow extractor and all branches but the last one.
    kept = len(BRANCHES) * channels * dtype.itemsize
    # In half precision what finds the offsets is in float32 all the same.
    return RVRTMemory(_STEP_BYTES * max(channels, UPSAMPLED_CHANNELS), kept, 2 * usual_sampled_bytes(device))


def plan_tiles(clip: Clip, tiling: ClipTiling, memory: RVRTMemory, device: torch.device, compute: Compute) -> RVRTPlan:
    """``tiling``, or the same with the largest smaller tiles that fit the memory, for ``clip``.

    Features are kept in the CPU's memory where the device is another one and cannot hold them as well. Raises InputError where
    not even the smallest tile fits.
    """
    limit = compute.memory_budget()
    frames = min(tiling.frames or clip.frame_count, clip.frame_count)
    frames += frames % PAIR
    needed = 0
    for side in _candidates(clip, tiling):
        rows, columns = (_seen(length, side) for length in (clip.height, clip.width))
        work, kept = memory.work(rows, columns, frames), memory.kept(rows, columns, frames)
        if device.type != "cpu":
            needed = work
            store = device if work + kept <= limit else torch.device("cpu")
        else:
            restored = frames * clip.height * clip.width * SCALE**2 * _PICTURE_BYTES
            needed = work + kept + restored
            store = device
        if needed <= limit:
            return RVRTPlan(replace(tiling, side=side), store)
    what = f"clip {clip.name}: restoring {frames} frames of {columns} x {rows} at once"
    raise over_budget(what, needed, limit, "set the option tile_frames to fewer frames")


def _candidates(clip: Clip, tiling: ClipTiling) -> list[int]:
    """The side that is asked for, then smaller ones."""
    below = tiling.side or max(_seen(length, 0) for length in (clip.height, clip.width))
    smallest = max(_SMALLEST_TILE, tiling.overlap - tiling.overlap % MULTIPLE + MULTIPLE)
    return [tiling.side, *range(below - MULTIPLE, smallest - 1, -MULTIPLE)]


def _seen(length: int, side: int) -> int:
    """Rows or columns of a tile in a frame of this length."""
    return min(length, side) if side else length + -length % MULTIPLE
