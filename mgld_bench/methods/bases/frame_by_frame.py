"""Methods that restore each frame separately, with one network."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.errors import InputError
from mgld_bench.memory import over_budget
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.methods.tiling.realesrgan import Tiling, enlarge_padded

if TYPE_CHECKING:
    import torch
    from torch import nn

_AUTOMATIC_TILES: Final = (1024, 512, 256, 128, 64, 32)


class FrameByFrameOptions(RestorerOptions):
    """Tiles as in Real-ESRGAN's command line, all in pixels of the LR frame."""

    tile: int = Field(default=0, ge=0)
    """Side of a tile; 0: the whole frame, or, if that does not fit the memory, the largest tile that does."""
    tile_pad: int = Field(default=10, ge=0)
    """Pixels of the frame that the network sees around a tile."""
    pre_pad: int = Field(default=0, ge=0)
    """Pixels mirrored onto the frame's right and bottom before the network, and cut off after it."""


class FrameByFrameRestorer(NetworkRestorer[FrameByFrameOptions]):
    """One network, frame by frame: /255, network, clamp to [0, 1], times 255, round half to even.

    float32 computes like the reference implementation on the CPU; float16 and bfloat16 need a GPU. Tiles change pixels near their
    borders slightly, because the network no longer sees the whole frame; notes report a tile chosen for lack of memory.
    """

    memory_per_pixel: ClassVar[int]
    """Bytes of intermediate results per LR pixel in float32 (measured on a CPU, rounded up)."""

    def place(self, network: nn.Module) -> nn.Module:
        """On the device, in the precision that was asked for."""
        import torch

        # Channels-last is the faster order for convolutions, on a CPU and on a GPU; values move by less than 1e-5.
        return network.to(self.device, self.dtype).to(memory_format=torch.channels_last)

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames, one at a time."""
        tile = self._tile(self.options, clip.size, self.compute)
        for frame in clip.frames(start):
            yield to_frame(self.enlarge(frame, tile))

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """The tile, if a whole frame does not fit the memory."""
        tile = self._tile(self.options, clip.size, self.compute)
        if tile == self.options.tile:
            return {}
        return {"tile": f"{tile} px, because a whole frame does not fit the memory; pixels near tile borders differ slightly"}

    @classmethod
    def cutting(cls, options: FrameByFrameOptions, clip: ClipSize, compute: Compute) -> Mapping[str, int | str]:
        """The tile, if a whole frame does not fit the memory."""
        tile = cls._tile(options, clip, compute)
        return {} if tile == options.tile else {"tile": tile}

    def enlarge(self, frame: Frame, tile: int) -> torch.Tensor:
        """The network's output for ``frame``: (3, scale * h, scale * w) float32 on the device, not clamped. ``tile`` 0: whole."""
        import torch

        picture = to_pictures([frame]).to(self.device, self.dtype).contiguous(memory_format=torch.channels_last)
        tiling = Tiling(tile, self.options.tile_pad, self.options.pre_pad)
        with torch.inference_mode():
            output = enlarge_padded(self.network, picture, self.scale, tiling)
        return output[0].float()

    @classmethod
    def _tile(cls, options: FrameByFrameOptions, clip: ClipSize, compute: Compute) -> int:
        """The tile for this clip; 0: whole frames."""
        if options.pre_pad >= min(clip.height, clip.width):
            raise InputError(
                f"clip {clip.name}: pre_pad {options.pre_pad} is not smaller than its frames ({clip.width} x {clip.height})"
            )
        if options.tile:
            return options.tile
        height, width = clip.height + options.pre_pad, clip.width + options.pre_pad
        budget, value_bytes = compute.memory_budget(), compute.value_bytes
        if cls._memory(height, width, value_bytes) <= budget:
            return 0
        for tile in _AUTOMATIC_TILES:
            seen = tile + 2 * options.tile_pad
            if cls._memory(min(seen, height), min(seen, width), value_bytes) <= budget:
                return tile
        needed = cls._memory(seen, seen, value_bytes)
        raise over_budget(f"clip {clip.name}: a tile of {_AUTOMATIC_TILES[-1]} px", needed, budget)

    @classmethod
    def _memory(cls, height: int, width: int, value_bytes: int) -> int:
        return height * width * cls.memory_per_pixel * value_bytes // 4
