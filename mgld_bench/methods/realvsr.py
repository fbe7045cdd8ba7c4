"""RealVSR: frames enlarged bicubically, sharpened by a network that sees their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.memory import over_budget
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import to_frame, to_pictures
from mgld_bench.methods.bases.realvsr_colour import rgb_to_ycbcr, ycbcr_to_rgb
from mgld_bench.methods.bases.temporal_window import Border, sliding, window_around
from mgld_bench.methods.bicubic import enlarge
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.methods.tiling.realesrgan import tiles
from mgld_bench.networks.edvr import MULTIPLE, EDVRNoUp, EDVRNoUpConfig, FeaturePyramid, ModulatedDeformableConvolution
from mgld_bench.networks.layers.conversion import cast_except

_AUTOMATIC_TILES: Final = (1024, 768, 512, 384, 256, 128, 64)
"""Sides in pixels of the frames that the network sees, multiples of 4."""
_MOTION: Final = 28
"""Pixels around a tile beyond what convolutions see: for where the displacements of the deformable convolutions lead."""


class RealVSROptions(RestorerOptions):
    """How a network that does not enlarge is used for x4; neither the authors nor the benchmark paper say it."""

    enlarge: Literal["first", "last"] = "first"
    """first: the frame is enlarged bicubically, as the method ``bicubic`` does, rounded to uint8, and then sharpened. last: it is
    sharpened at its own size, rounded to uint8 and then enlarged."""
    border: Border = "new_info"
    """What the window holds at the ends of a clip: see window_around(). The authors' script for clips without ground truth has
    new_info, that for clips with it has replicate."""
    clamp_before_rgb: bool = False
    """Whether Y, Cb, Cr are clamped to [0, 1] before they become RGB, as in the authors' script for clips with ground truth."""
    network: EDVRNoUpConfig = EDVRNoUpConfig()


class RealVSRRestorer(NetworkRestorer[RealVSROptions]):
    """RealVSR x4: RGB to Y, Cb, Cr in uint8, /255, network on a window of 3 frames, back to RGB, clamp, times 255, round.

    Frames are restored whole, as by the authors, with sides padded to multiples of 4 by their last rows and columns where they
    are sharpened before they are enlarged. Features of a frame are computed once for all windows that hold it. A whole frame
    that does not fit the memory is cut into tiles with a margin that the network sees around each: what its convolutions see,
    and 28 pixels for motion. Only where displacements lead farther does a tile differ from the whole frame; the notes say so.

    In half precision the deformable convolutions and what is added to the frame stay in float32.

    Weights: role ``network``, a checkpoint of EDVR_NoUp. Source: codes/test_RealVSR_wo_GT.py and test_RealVSR_wi_GT.py of
    IanYeung/RealVSR (Apache-2.0).
    """

    title = "RealVSR (EDVR_NoUp)"
    revision: ClassVar[int] = 1
    memory_per_pixel: ClassVar[int] = 7_500
    """Bytes of intermediate results per pixel of the frames that the network sees: 5400 on a CPU, and room for an allocator."""

    network: EDVRNoUp

    def create_network(self, options: RealVSROptions) -> EDVRNoUp:
        """EDVR_NoUp of the options' size."""
        return EDVRNoUp(options.network)

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The authors' loader drops the prefix that training on several GPUs leaves."""
        return {name.removeprefix("module."): tensor for name, tensor in state.items()}

    def place(self, network: nn.Module) -> nn.Module:
        """Deformable convolutions stay in float32."""
        network = network.to(self.device)
        cast_except(network, self.dtype, [part for part in network.modules() if isinstance(part, ModulatedDeformableConvolution)])
        return network

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames, one at a time; any start gives the same ones."""
        for output in self.outputs(clip, start):
            frame = to_frame(self.to_rgb(output))
            yield frame if self.options.enlarge == "first" else enlarge(frame, self.scale)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Which tile was chosen where a whole frame does not fit, and that windows are larger than the clip."""
        tile, frames = self._tile(clip), self.options.network.frames
        notes = {}
        if tile:
            notes["tile"] = (
                f"{tile} px with {self._tile_pad} px around it, since a whole frame does not fit the memory; pixels near tile "
                f"borders differ slightly where motion is large"
            )
        if clip.frame_count < frames:
            notes["window"] = f"the clip is shorter than a window of {frames} frames, so that frames come more than once in it"
        return notes

    def outputs(self, clip: Clip, start: int) -> Iterator[Tensor]:
        """The network's output for every frame from ``start`` on: (3, h, w) float32 Y, Cb, Cr, not clamped, not yet enlarged."""
        size, border = self.options.network.frames, self.options.border
        windows = [window_around(index, clip.frame_count, size, border) for index in range(start, clip.frame_count)]
        if not windows:
            return
        first = min(windows[0])
        pictures = map(self._picture, clip.frames(first))
        tile = self._tile(clip)
        height, width = self._size(clip)
        tiled, whole = self._restored_in_tiles, self._restored
        for output in tiled(pictures, first, windows, tile) if tile else whole(pictures, first, windows):
            yield output[0, :, :height, :width]

    def to_rgb(self, output: Tensor) -> Tensor:
        """The network's output (3, h, w) as RGB, not clamped."""
        return ycbcr_to_rgb(output.clamp(0, 1) if self.options.clamp_before_rgb else output)

    def _restored(self, pictures: Iterator[Tensor], first: int, windows: Sequence[Sequence[int]]) -> Iterator[Tensor]:
        """Whole frames; the features of each are computed once."""
        network = self.network
        for window in sliding(map(self._with_features, pictures), first, windows):
            with torch.inference_mode():
                output = network.restore(window[network.center][0], [features for _, features in window])
            yield output

    def _with_features(self, picture: Tensor) -> tuple[Tensor, FeaturePyramid]:
        with torch.inference_mode():
            return picture, self.network.pyramid(picture)

    def _restored_in_tiles(
        self, pictures: Iterator[Tensor], first: int, windows: Sequence[Sequence[int]], side: int
    ) -> Iterator[Tensor]:
        """Tile by tile. To keep the features of every tile would take about as much memory as a whole frame."""
        for window in sliding(pictures, first, windows):
            together = torch.stack(window, 1)
            output = torch.empty_like(window[0])
            height, width = output.shape[2:]
            for tile in tiles(height, width, side, self._tile_pad):
                with torch.inference_mode():
                    restored = self.network(tile.seen(together))
                tile.put(output, restored, 1)
            yield output

    def _picture(self, frame: Frame) -> Tensor:
        """What the network sees of a frame: (1, 3, h, w) float32 Y, Cb, Cr in [0, 1], on the device; sides multiples of 4."""
        seen = enlarge(frame, self.scale) if self.options.enlarge == "first" else frame
        picture = to_pictures([rgb_to_ycbcr(seen)]).to(self.device)
        height, width = picture.shape[2:]
        return functional.pad(picture, (0, -width % MULTIPLE, 0, -height % MULTIPLE), "replicate")

    def _size(self, clip: Clip) -> tuple[int, int]:
        """Rows and columns of the frames that are sharpened."""
        scale = self.scale if self.options.enlarge == "first" else 1
        return scale * clip.height, scale * clip.width

    @property
    def _tile_pad(self) -> int:
        return self.network.reach + -self.network.reach % MULTIPLE + _MOTION

    def _tile(self, clip: Clip) -> int:
        """The side of the tiles for this clip; 0: whole frames."""
        height, width = (side + -side % MULTIPLE for side in self._size(clip))
        budget = self.compute.memory_budget()
        if self._memory(height, width) <= budget:
            return 0
        for tile in _AUTOMATIC_TILES:
            seen = tile + 2 * self._tile_pad
            if self._memory(min(seen, height), min(seen, width)) <= budget:
                return tile
        smallest = self._memory(min(seen, height), min(seen, width))
        raise over_budget(f"clip {clip.name}: a tile of {tile} px with what is seen around it", smallest, budget)

    def _memory(self, height: int, width: int) -> int:
        """Of half precision too: what takes most, the deformable convolutions, is in float32 then as well."""
        return height * width * self.memory_per_pixel
