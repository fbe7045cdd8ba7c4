"""StableSR as a frame-by-frame method."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import ClassVar, Final

from pydantic import Field
from torch import Tensor, nn

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.methods.bases.pictures import to_pictures
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.counts import stablesr_trained
from mgld_bench.methods.diffusion.frames import Geometry
from mgld_bench.methods.diffusion.latent_diffusion import LatentDiffusion, Piece, geometry_of
from mgld_bench.methods.diffusion.networks import LATENT_REDUCTION, DiffusionNetworks, DiffusionSizes
from mgld_bench.methods.diffusion.noise import Noise
from mgld_bench.methods.diffusion.options import DiffusionOptions
from mgld_bench.methods.restorer import Restorer
from mgld_bench.methods.tiling.diffusion import gaussian_weights, merge, picture_boxes
from mgld_bench.networks.autoencoder.config import STABLESR_AUTOENCODER
from mgld_bench.networks.diffusion.unet import STABLESR_UNET

TITLE: Final = "StableSR"


class StableSROptions(DiffusionOptions):
    """Settings of StableSR; the defaults are what is assumed of MGLD-VSR's comparison: its steps, the authors' other values."""

    picture_tile: int = Field(default=1280, gt=0)
    picture_stride: int = Field(default=1000, ge=LATENT_REDUCTION)
    decoder_fusion: float = Field(default=0.5, ge=0, allow_inf_nan=False)
    networks: DiffusionSizes = DiffusionSizes(unet=STABLESR_UNET, decoder=STABLESR_AUTOENCODER)


class StableSR(Restorer[StableSROptions]):
    """StableSR, 512 model; every frame by itself.

    Weights: role ``diffusion`` (stablesr_000117.ckpt) and ``decoder`` (vqgan_cfw_00011.ckpt). Numbers as for MGLD-VSR.

    Pictures of up to one tile draw other noise for every frame (seed plus its number), where the authors' generator runs on from
    the start of the program; larger ones draw the same noise for every tile and frame, as theirs. This alone changes flicker
    between small and large clips. Where one side is above the tile and the other below it, the authors' script stops with an
    error; here the tile is as low as the picture. Source: Wang et al., IJCV 2024; IceClear/StableSR (S-Lab License 1.0), its
    tile script.
    """

    revision: ClassVar[int] = 1

    def __init__(self, options: StableSROptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        super().__init__(options, weights, compute)
        self._networks = DiffusionNetworks(options.networks, weights, compute, TITLE, compiled=options.compile)
        self._diffusion = LatentDiffusion(self._networks, options, compute, temporal_decoder=False)

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames."""
        geometry = geometry_of(clip, self.options)
        self._diffusion.check_memory(clip, 1, *geometry.padded)
        frames, restore = range(start, clip.frame_count), functools.partial(self._restored, clip, geometry)
        for _, restored in self._diffusion.in_turns(frames, self._frames_at_once(geometry), "frames of the clip", restore):
            yield from map(geometry.finish, restored)
            del restored

    def networks(self) -> Mapping[str, nn.Module]:
        """All networks; the first stage with its decoder, which is not used."""
        return self._networks.by_role()

    def trained(self) -> Mapping[str, int]:
        """Stage 1: SPADE and structure encoder; stage 2: the decoder's fusion."""
        return stablesr_trained(self._networks.unet, self._networks.structure, self._networks.decoder)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Where the authors' script would stop, and where memory was short."""
        found = {}
        low, high = sorted(geometry_of(clip, self.options).padded)
        tile = self.options.picture_tile
        if low < tile < high:
            found["tiles"] = f"the authors' script stops at pictures of one side above {tile} only; tiles of {tile} x {low} here"
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
        noise = functools.partial(Noise, seeds, 1, self._networks.device)
        return self._diffusion.restore(Piece(pictures, noise, None))

    def _frames_at_once(self, geometry: Geometry) -> int:
        """Frames that are restored together: more than one only on a GPU, where one does not keep it busy."""
        if self._networks.device.type == "cpu":
            return 1
        height, width = (min(side, self.options.picture_tile) for side in geometry.padded)
        of_frame = max(self._diffusion.tile_bytes(1), self._diffusion.frame_bytes(height, width))
        return max(1, min(_MOST_FRAMES, self.compute.memory_budget() // of_frame))


_MOST_FRAMES: Final = 8
"""Restored together; more make a GPU no faster."""
