"""StableSR: latent diffusion for real-world image super-resolution, frame by frame."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from pydantic import Field

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.methods.bases.pictures import to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.options import LATENT_REDUCTION, DiffusionOptions, DiffusionSizes
from mgld_bench.methods.restorer import Restorer
from mgld_bench.methods.tiling.diffusion import gaussian_weights, merge, picture_boxes
from mgld_bench.networks.autoencoder.config import STABLESR_AUTOENCODER
from mgld_bench.networks.sizes.diffusion import STABLESR_UNET

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.methods.diffusion.geometry import Geometry

TITLE: Final = "StableSR"
_FRAMES_OF_A_SEGMENT: Final = 5
"""As many frames count as one of the segments that are restored together."""


class StableSROptions(DiffusionOptions):
    """Options of StableSR. The defaults are what MGLD-VSR's comparison presumably used: its steps, else the authors' values."""

    picture_tile: int = Field(default=1280, gt=0)
    picture_stride: int = Field(default=1000, ge=LATENT_REDUCTION)
    decoder_fusion: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    networks: DiffusionSizes = DiffusionSizes(unet=STABLESR_UNET, decoder=STABLESR_AUTOENCODER)


class StableSR(Restorer[StableSROptions]):
    """StableSR, the 512 model, on each frame separately.

    Weights: role ``diffusion`` (stablesr_000117.ckpt) and ``decoder`` (vqgan_cfw_00011.ckpt). Precision as for MGLD-VSR.

    In pictures of up to one tile, every frame draws different noise (seed plus its number), where the authors' generator
    continues from frame to frame; in larger ones every tile and frame draws the same noise, as theirs. This alone makes small
    clips flicker differently from large ones. If one side is above the tile and the other below it, the authors' script fails;
    here the tile is as small as the picture. Source: Wang et al., IJCV 2024; IceClear/StableSR (S-Lab License 1.0), its
    tile script.
    """

    revision: ClassVar[int] = 1

    def __init__(self, options: StableSROptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        from mgld_bench.methods.diffusion.latent_diffusion import LatentDiffusion
        from mgld_bench.methods.diffusion.networks import DiffusionNetworks

        super().__init__(options, weights, compute)
        self._networks = DiffusionNetworks(options.networks, weights, compute, TITLE, compiled=options.compile)
        self._diffusion = LatentDiffusion(self._networks, options, compute, temporal_decoder=False)

    @classmethod
    def check_file(cls, options: StableSROptions, role: str, file: Path) -> None:
        """By the names and shapes of its networks."""
        from mgld_bench.methods.diffusion.networks import check_file

        check_file(options.networks, role, file, TITLE)

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames."""
        from mgld_bench.methods.diffusion.latent_diffusion import geometry_of

        geometry = geometry_of(clip, self.options)
        self._diffusion.check_memory(clip, 1, *geometry.padded)
        frames, restore = range(start, clip.frame_count), functools.partial(self._restored, clip, geometry)
        for _, restored in self._diffusion.in_turns(frames, self._frames_at_once(geometry), "frames of the clip", restore):
            yield from geometry.finish_all(restored, range(len(restored)))
            del restored

    def networks(self) -> Mapping[str, nn.Module]:
        """All networks; the first stage includes its decoder, which is not used."""
        return self._networks.by_role()

    def trained(self) -> Mapping[str, int]:
        """Stage 1: SPADE and structure encoder; stage 2: the decoder's fusion."""
        return self._networks.trained()

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Where the authors' script would fail, and where memory was short."""
        from mgld_bench.methods.diffusion.latent_diffusion import geometry_of

        found = {}
        low, high = sorted(geometry_of(clip, self.options).padded)
        tile = self.options.picture_tile
        if low < tile < high:
            found["tiles"] = f"the authors' script fails if only one side is above {tile}; here tiles are {tile} x {low}"
        found |= self._diffusion.device_note()
        if self._diffusion.shortages:
            found["memory"] = "; ".join(dict.fromkeys(self._diffusion.shortages))
        return found

    def _restored(self, clip: Clip, geometry: Geometry, indices: range) -> Tensor:
        """The padded frames (n, 3, H, W) of these indices, restored, in about [-1, 1]."""
        pictures = to_pictures([clip.frame(index) for index in indices])
        padded = geometry.enlarge(pictures.to(self._networks.device))
        height, width = padded.shape[-2:]
        tile, seed = self.options.picture_tile, self.options.seed
        if max(height, width) <= tile:
            return self._tile(padded, [seed + index for index in indices])
        places = picture_boxes(height, width, tile, self.options.picture_stride)
        tiles = (self._tile(place.of(padded), [seed] * len(indices)) for place in places)
        weights = gaussian_weights(min(tile, height), min(tile, width)).to(padded.device)
        return merge(padded.shape, places, tiles, weights, padded.device)

    def _tile(self, pictures: Tensor, seeds: Sequence[int]) -> Tensor:
        from mgld_bench.methods.diffusion.latent_diffusion import Piece
        from mgld_bench.methods.diffusion.noise import SeededNoise

        noise = functools.partial(SeededNoise, seeds, 1, self._networks.device, self.options.faithful)
        return self._diffusion.restore(Piece(pictures, noise, None))

    def _frames_at_once(self, geometry: Geometry) -> int:
        """Frames that are restored together: more than one only on a GPU, which a single one cannot fill."""
        if self._networks.device.type == "cpu":
            return 1
        height, width = (min(side, self.options.picture_tile) for side in geometry.padded)
        most = _FRAMES_OF_A_SEGMENT * self._networks.speedups.segments_at_once
        return self._diffusion.pieces_at_once(1, height, width, most)
