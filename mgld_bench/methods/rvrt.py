"""RVRT: the recurrent video restoration transformer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, ClassVar, Final, cast

from pydantic import Field, model_validator

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.methods.tiling.rvrt import MULTIPLE, PAIR, ClipTiling, RVRTPlan, network_memory, plan_tiles, restored_frames
from mgld_bench.networks.sizes.rvrt import RVRTConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.networks.rvrt.network import RVRT

_CONSTANTS: Final = ("spynet.mean", "spynet.std")
_SMALLEST_SIDE: Final = 33
"""Of a tile: for smaller ones the authors' flow network fails."""


class RVRTOptions(RestorerOptions):
    """Tiles, as --tile and --tile_overlap of the authors' script."""

    tile_frames: int = Field(default=100, ge=0, multiple_of=PAIR)
    """Frames of a tile; 0: the whole clip."""
    tile: int = Field(default=128, ge=0, multiple_of=MULTIPLE)
    """Side of a tile in pixels of the LR frame; 0: whole frames. Smaller tiles are used if these do not fit the memory."""
    tile_overlap_frames: int = Field(default=2, ge=0)
    tile_overlap: int = Field(default=20, ge=0)
    network: RVRTConfig = RVRTConfig()

    @model_validator(mode="after")
    def _tiles_are_longer_than_their_overlap(self) -> RVRTOptions:
        if 0 < self.tile_frames <= self.tile_overlap_frames:
            raise ValueError(
                f"tile_frames {self.tile_frames}: has to be more than tile_overlap_frames, {self.tile_overlap_frames}"
            )
        if 0 < self.tile <= self.tile_overlap:
            raise ValueError(f"tile {self.tile}: has to be more than tile_overlap, {self.tile_overlap}")
        return self


class RVRTRestorer(NetworkRestorer[RVRTOptions]):
    """RVRT x4: /255, network on tiles of the clip, clamp to [0, 1], times 255, round half to even.

    Tiles overlap in time and space and are averaged as in the authors' script (main_test_rvrt.py of JingyunLiang/RVRT, CC-BY-NC
    4.0), which computes in float32. The network restores frames in pairs. In a clip of an odd number of frames, at most
    ``tile_frames``, for which the script fails, the last frame is repeated and dropped again, as the script does with
    tile_frames 0.

    Memory does not grow with the clip's length beyond one tile of time. On a GPU, features of a tile that do not fit go to the
    CPU's memory, with the same numbers (the authors do so for more than 100 frames). In half precision
    flow, offsets and sampling are in float32. Weights: role ``network``, one of the authors' x4 checkpoints.
    """

    revision: ClassVar[int] = 1
    title: ClassVar[str] = "RVRT"

    network: RVRT

    def create_network(self, options: RVRTOptions) -> RVRT:
        """The network of the card's size."""
        from mgld_bench.networks.rvrt.network import RVRT

        return RVRT(options.network)

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """All but the constants of the flow network."""
        return {name: tensor for name, tensor in state.items() if name not in _CONSTANTS}

    def place(self, network: nn.Module) -> nn.Module:
        """On the device; all in the precision that was asked for, except what finds flow and offsets."""
        from mgld_bench.networks.rvrt.network import RVRT

        return cast(RVRT, network).to(self.device).in_precision(self.dtype)

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames; the tile of time that holds ``start`` is computed again, so any start gives the same frames."""
        for raw in self.outputs(clip, start):
            yield to_frame(raw)

    def outputs(self, clip: Clip, start: int = 0) -> Iterator[Tensor]:
        """The frames before clamp and rounding: (3, 4h, 4w) float32 on the CPU."""
        import torch

        # Inference mode is that of the generator, not of whoever takes its frames.
        return torch.inference_mode()(self._outputs)(clip, start)

    def _outputs(self, clip: Clip, start: int) -> Iterator[Tensor]:
        import torch

        plan = _plan(self.options, clip.size, self.compute)

        def read(first: int, stop: int) -> Tensor:
            return to_pictures(list(clip.frames(first, stop)))

        def enlarge(tile: Tensor) -> Iterator[Tensor]:
            for pair in self.network.restored(tile[None].to(self.device), torch.device(plan.store)):
                yield pair[0].cpu()

        yield from restored_frames(enlarge, read, clip.frame_count, plan.tiling, start)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Tiles that were chosen for lack of memory, and what the authors' script or network would fail for."""
        options, tiling = self.options, _plan(self.options, clip.size, self.compute).tiling
        notes = {}
        if tiling.side != options.tile:
            asked = f"tiles of {options.tile} px do" if options.tile else "whole frames do"
            notes["tile"] = f"{tiling.side} px, because {asked} not fit the memory; pixels near tile borders differ slightly"
        if clip.frame_count % PAIR and clip.frame_count <= options.tile_frames:
            notes["frames"] = (
                f"{clip.frame_count} frames, an odd number, for which the authors' script fails with tile_frames "
                f"{options.tile_frames}: the last frame was repeated and dropped again, as with tile_frames 0"
            )
        smallest = min(clip.height, clip.width, tiling.side or clip.height)
        if smallest < _SMALLEST_SIDE:
            notes["size"] = f"tiles of {smallest} px, for which the authors' network fails; optical flow is poor in them"
        return notes

    @classmethod
    def cutting(cls, options: RVRTOptions, clip: ClipSize, compute: Compute) -> Mapping[str, int | str]:
        """The tile, if the one that the options ask for does not fit the memory."""
        side = _plan(options, clip, compute).tiling.side
        return {} if side == options.tile else {"tile": side}


def _plan(options: RVRTOptions, clip: ClipSize, compute: Compute) -> RVRTPlan:
    """The tiles of this clip, and where features are kept."""
    tiling = ClipTiling(options.tile_frames, options.tile, options.tile_overlap_frames, options.tile_overlap)
    memory = network_memory(max(options.network.embed_dims), compute.value_bytes, compute.device)
    return plan_tiles(clip, tiling, memory, compute)
