"""RealVSR: frames enlarged bicubically, then sharpened by a network that sees their neighbours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar, Final, Literal

import numpy as np

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.memory import over_budget
from mgld_bench.methods.bases.network_restorer import NetworkRestorer
from mgld_bench.methods.bases.pictures import Border, sliding, to_frame, to_pictures, window_around
from mgld_bench.methods.bicubic import enlarge
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions
from mgld_bench.methods.tiling.realesrgan import tiles
from mgld_bench.networks.sizes.edvr import MULTIPLE, EDVRNoUpConfig

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.networks.edvr import EDVRNoUp, FeaturePyramid

_AUTOMATIC_TILES: Final = (1024, 768, 512, 384, 256, 128, 64)
"""Sides in pixels of the frames that the network sees, multiples of 4."""
_MOTION: Final = 28
"""Pixels around a tile beyond what convolutions see: for where the displacements of the deformable convolutions lead."""

_FROM_RGB: Final = (
    (65_481, 128_553, 24_966),
    (-37_797, -74_203, 112_000),
    (112_000, -93_786, -18_214),
)
"""BT.601, studio range: Y, Cb and Cr from red, green and blue, each times `_DENOMINATOR`: exact, in integers."""
_DENOMINATOR: Final = 255_000
_OFFSETS: Final = (16, 128, 128)

_TO_RGB: Final = (
    (0.00456621, 0.0, 0.00625893),
    (0.00456621, -0.00153632, -0.00318811),
    (0.00456621, 0.00791071, 0.0),
)
"""Red, green and blue from Y, Cb and Cr, each divided by 255. Rounded by the authors (kept): not the exact inverse."""
_RGB_OFFSETS: Final = (-222.921, 135.576, -276.836)


class RealVSROptions(RestorerOptions):
    """How a network that does not enlarge is used for x4, which neither the authors nor the benchmark paper specify."""

    enlarge: Literal["first", "last", "none"] = "first"
    """first: the frame is enlarged bicubically, as the method ``bicubic`` does, rounded to uint8, and then sharpened. last: it is
    sharpened at its own size, rounded to uint8 and then enlarged. none: it keeps its size, as with the authors (x1)."""
    border: Border = "new_info"
    """What the window holds at the ends of a clip; see `window_around`. The authors' script for clips without ground truth uses
    new_info, the one for clips with it replicate."""
    clamp_before_rgb: bool = False
    """Whether Y, Cb, Cr are clamped to [0, 1] before they become RGB, as in the authors' script for clips with ground truth."""
    network: EDVRNoUpConfig = EDVRNoUpConfig()


class RealVSRRestorer(NetworkRestorer[RealVSROptions]):
    """RealVSR x4: RGB to Y, Cb, Cr in uint8, /255, network on a window of 3 frames, back to RGB, clamp, times 255, round.

    Frames are restored whole, as by the authors. If they are sharpened before they are enlarged, their last rows and columns are
    repeated up to multiples of 4. Features of a frame are computed once for all windows that hold it. A whole frame that does
    not fit the memory is cut into tiles; around each the network sees a margin: what its convolutions see, and 28 pixels for
    motion. A tile differs from the whole frame only where displacements lead farther, which the notes mention.

    In half precision the deformable convolutions and what is added to the frame stay in float32.

    Weights: role ``network``, a checkpoint of EDVR_NoUp. Source: codes/test_RealVSR_wo_GT.py and test_RealVSR_wi_GT.py of
    IanYeung/RealVSR (Apache-2.0).
    """

    title = "RealVSR (EDVR_NoUp)"
    revision: ClassVar[int] = 2
    memory_per_pixel: ClassVar[int] = 7_500
    """Bytes of intermediate results per pixel of the frames that the network sees: 5400 on a CPU, and room for the allocator."""

    network: EDVRNoUp

    @classmethod
    def scales(cls, options: RealVSROptions) -> tuple[int, ...]:
        """x1 where nothing is enlarged, else x4."""
        return (1,) if options.enlarge == "none" else (cls.scale,)

    def create_network(self, options: RealVSROptions) -> EDVRNoUp:
        """EDVR_NoUp of the options' size."""
        from mgld_bench.networks.edvr import EDVRNoUp

        return EDVRNoUp(options.network)

    def official_state(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Without the prefix that training on several GPUs leaves, as in the authors' loader."""
        return {name.removeprefix("module."): tensor for name, tensor in state.items()}

    def place(self, network: nn.Module) -> nn.Module:
        """Deformable convolutions stay in float32."""
        from mgld_bench.networks.edvr import ModulatedDeformableConvolution
        from mgld_bench.networks.layers.conversion import cast_except

        network = network.to(self.device)
        cast_except(network, self.dtype, [part for part in network.modules() if isinstance(part, ModulatedDeformableConvolution)])
        return network

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames, one at a time; any start gives the same ones."""
        for output in self.outputs(clip, start):
            frame = to_frame(self.to_rgb(output))
            yield enlarge(frame, self.scale) if self.options.enlarge == "last" else frame

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """The tile, if a whole frame does not fit the memory, and whether windows are larger than the clip."""
        tile, frames = self._tile(self.options, clip.size, self.compute), self.options.network.frames
        notes = {}
        if tile:
            notes["tile"] = (
                f"{tile} px with {_tile_pad(self.options)} px around it, because a whole frame does not fit the memory; pixels "
                f"near tile borders differ slightly where motion is large"
            )
        if clip.frame_count < frames:
            notes["window"] = f"the clip is shorter than a window of {frames} frames, so frames are repeated in it"
        return notes

    def outputs(self, clip: Clip, start: int) -> Iterator[Tensor]:
        """The network's output for every frame from ``start`` on: (3, h, w) float32 Y, Cb, Cr, not clamped, not yet enlarged."""
        size, border = self.options.network.frames, self.options.border
        windows = [window_around(index, clip.frame_count, size, border) for index in range(start, clip.frame_count)]
        if not windows:
            return
        first = min(windows[0])
        pictures = map(self._picture, clip.frames(first))
        tile = self._tile(self.options, clip.size, self.compute)
        height, width = self._size(self.options, clip.size)
        tiled, whole = self._restored_in_tiles, self._restored
        for output in tiled(pictures, first, windows, tile) if tile else whole(pictures, first, windows):
            yield output[0, :, :height, :width]

    def to_rgb(self, output: Tensor) -> Tensor:
        """The network's output (3, h, w) as RGB, not clamped."""
        return ycbcr_to_rgb(output.clamp(0, 1) if self.options.clamp_before_rgb else output)

    def _restored(self, pictures: Iterator[Tensor], first: int, windows: Sequence[Sequence[int]]) -> Iterator[Tensor]:
        """Whole frames; the features of each are computed once."""
        import torch

        network = self.network
        for window in sliding(map(self._with_features, pictures), first, windows):
            with torch.inference_mode():
                output = network.restore(window[network.center][0], [features for _, features in window])
            yield output

    def _with_features(self, picture: Tensor) -> tuple[Tensor, FeaturePyramid]:
        import torch

        with torch.inference_mode():
            return picture, self.network.pyramid(picture)

    def _restored_in_tiles(
        self, pictures: Iterator[Tensor], first: int, windows: Sequence[Sequence[int]], side: int
    ) -> Iterator[Tensor]:
        """Tile by tile; keeping the features of every tile would take about as much memory as a whole frame."""
        import torch

        for window in sliding(pictures, first, windows):
            together = torch.stack(window, 1)
            output = torch.empty_like(window[0])
            height, width = output.shape[2:]
            for tile in tiles(height, width, side, _tile_pad(self.options)):
                with torch.inference_mode():
                    restored = self.network(tile.seen(together))
                tile.put(output, restored, 1)
            yield output

    def _picture(self, frame: Frame) -> Tensor:
        """What the network sees of a frame: (1, 3, h, w) float32 Y, Cb, Cr in [0, 1], on the device; sides multiples of 4."""
        from torch.nn import functional

        seen = enlarge(frame, self.scale) if self.options.enlarge == "first" else frame
        picture = to_pictures([rgb_to_ycbcr(seen)]).to(self.device)
        height, width = picture.shape[2:]
        return functional.pad(picture, (0, -width % MULTIPLE, 0, -height % MULTIPLE), "replicate")

    @classmethod
    def cutting(cls, options: RealVSROptions, clip: ClipSize, compute: Compute) -> Mapping[str, int | str]:
        """The tile, if a whole frame does not fit the memory."""
        tile = cls._tile(options, clip, compute)
        return {"tile": tile} if tile else {}

    @classmethod
    def _size(cls, options: RealVSROptions, clip: ClipSize) -> tuple[int, int]:
        """Rows and columns of the frames that are sharpened."""
        scale = cls.scale if options.enlarge == "first" else 1
        return scale * clip.height, scale * clip.width

    @classmethod
    def _tile(cls, options: RealVSROptions, clip: ClipSize, compute: Compute) -> int:
        """The side of the tiles for this clip; 0: whole frames."""
        height, width = (side + -side % MULTIPLE for side in cls._size(options, clip))
        budget = compute.memory_budget()
        if cls._memory(height, width) <= budget:
            return 0
        for tile in _AUTOMATIC_TILES:
            seen = tile + 2 * _tile_pad(options)
            if cls._memory(min(seen, height), min(seen, width)) <= budget:
                return tile
        smallest = cls._memory(min(seen, height), min(seen, width))
        raise over_budget(f"clip {clip.name}: a tile of {tile} px with what is seen around it", smallest, budget)

    @classmethod
    def _memory(cls, height: int, width: int) -> int:
        """Also in half precision: the deformable convolutions, which take most, stay in float32."""
        return height * width * cls.memory_per_pixel


def _tile_pad(options: RealVSROptions) -> int:
    reach = options.network.reach
    return reach + -reach % MULTIPLE + _MOTION


def rgb_to_ycbcr(frame: Frame) -> Frame:
    """``frame`` (h, w, 3) uint8 RGB as Y, Cb, Cr, (h, w, 3) uint8, rounded half to even.

    Y lies in 16..235, Cb and Cr in 16..240. Computed in integers: 206 of the possible values lie exactly between two levels, and
    in floating point the order of the sum, which libraries and processors choose, would decide them. Source: rgb2ycbcr in
    codes/data/util.py of IanYeung/RealVSR.
    """
    red, green, blue = np.moveaxis(frame.astype(np.int32), -1, 0)
    planes = np.empty(frame.shape, np.uint8)
    for plane, (from_red, from_green, from_blue) in enumerate(_FROM_RGB):
        exact = from_red * red + from_green * green + from_blue * blue + _OFFSETS[plane] * _DENOMINATOR
        level, rest = np.divmod(exact, _DENOMINATOR)
        planes[..., plane] = level + (2 * rest + (level & 1) > _DENOMINATOR)
    return planes


def ycbcr_to_rgb(pictures: Tensor) -> Tensor:
    """``pictures`` (.., 3, h, w) float32 Y, Cb, Cr, studio range divided by 255, as RGB; nothing is clamped.

    Source: ycbcr2rgb in codes/data/util.py of IanYeung/RealVSR.
    """
    import torch

    y, cb, cr = (255 * pictures).unbind(-3)
    planes = [
        (255 * (from_y * y + from_cb * cb + from_cr * cr) + offset) / 255
        for (from_y, from_cb, from_cr), offset in zip(_TO_RGB, _RGB_OFFSETS, strict=True)
    ]
    return torch.stack(planes, -3)
