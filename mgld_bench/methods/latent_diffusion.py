"""One picture tile of a latent diffusion method: encode, sample, decode, fix the colours."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeVar

from pydantic import Field
from torch import Tensor

from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.colour_fix import COLOUR_FIXES
from mgld_bench.methods.devices import memory_limit
from mgld_bench.methods.diffusion_frames import Geometry
from mgld_bench.methods.diffusion_networks import DiffusionNetworks, DiffusionSizes
from mgld_bench.methods.diffusion_noise import Noise
from mgld_bench.methods.diffusion_sampler import Guidance, LatentTiling, noised, sampling_steps
from mgld_bench.methods.noise_schedule import TRAINING_STEPS, respaced_schedule, training_schedule
from mgld_bench.methods.restorer import Compute, RestorerOptions
from mgld_bench.networks.autoencoder import SCALE_FACTOR
from mgld_bench.networks.autoencoder_memory import decode_memory
from mgld_bench.out_of_memory import in_smaller_parts, is_out_of_memory

Result = TypeVar("Result")

LATENT_REDUCTION: Final = 8
_LOG: Final = logging.getLogger(__name__)


class DiffusionOptions(RestorerOptions):
    """What the diffusion methods have in common."""

    steps: int = Field(default=50, ge=1, le=TRAINING_STEPS)
    seed: int = Field(default=42, ge=0)
    tile: int = Field(default=64, gt=0)
    """Side of a latent tile, in latent pixels; small frames are enlarged until each side has eight times as many pixels."""
    tile_overlap: int = Field(default=32, ge=0)
    picture_tile: int = Field(gt=0)
    """Side of a tile of the enlarged picture, in pixels; larger pictures are restored tile by tile from the encoder to the
    decoder."""
    picture_stride: int = Field(gt=0)
    decoder_fusion: float
    """How much of the features of the enlarged LR frame the decoder takes in: 1 all, 0 none."""
    color_fix: Literal["adain", "wavelet", "none"] = "adain"
    faithful: bool = True
    """With the authors' scripts' faults, which published numbers were made with; see docs/footguns.md."""
    networks: DiffusionSizes


@dataclass(frozen=True)
class Piece:
    """Frames that are restored together, all of one picture tile."""

    pictures: Tensor
    """(n, 3, H, W) in [-1, 1]: LR frames, enlarged and padded."""
    noise: Callable[[], Noise]
    """The noise from its start on: asked for anew where memory was not enough."""
    guidance: Guidance | None


class LatentDiffusion:
    """The networks with their schedule."""

    def __init__(self, networks: DiffusionNetworks, options: DiffusionOptions, compute: Compute, temporal_decoder: bool) -> None:
        """temporal_decoder: False leaves out the decoder's temporal mixing. Raises InputError where tiles do not suit."""
        _check_tiles(options, networks.unet.size_multiple)
        self._networks = networks
        self._options = options
        self._compute = compute
        self._temporal_decoder = temporal_decoder
        self._full = training_schedule()
        self._schedule = respaced_schedule(options.steps, self._full)
        self.shortages: list[str] = []
        """What was said where memory was not enough."""

    def restore(self, piece: Piece) -> Tensor:
        """The restored pictures (n, 3, H, W) float32, about [-1, 1], not clamped, colours fixed."""
        pictures = piece.pictures
        latents = self._in_parts(functools.partial(self._sample, piece), self._tiles_at_once(pictures), "tiles")
        restored = self._in_parts(functools.partial(self._decode, latents, pictures), self._frames_at_once(pictures), "frames")
        return COLOUR_FIXES[self._options.color_fix](restored, pictures)

    def tile_bytes(self, frames: int) -> int:
        """About what one latent tile of ``frames`` frames takes in the U-Net, beside the weights (measured, see
        performance.md)."""
        widths = self._networks.unet.config.model_channels * _UNET_VALUES_PER_CHANNEL
        return frames * self._options.tile**2 * widths * self._networks.dtype.itemsize

    def frame_bytes(self, height: int, width: int) -> int:
        """About what one frame of this many pixels takes in the decoder, beside the weights."""
        return decode_memory(self._networks.decoder.config, 1, height, width, 1, self._networks.dtype.itemsize)

    def _sample(self, piece: Piece, tiles: int) -> Tensor:
        noise = piece.noise()
        condition = self._encode(piece.pictures, noise)
        start = noised(condition, noise.draw(condition.shape), self._full)
        tiling = LatentTiling(self._options.tile, self._options.tile_overlap, tiles)
        draw = functools.partial(noise.draw, condition.shape)
        latents = start
        for step in sampling_steps(start, condition, self._networks.denoise, draw, self._schedule, tiling, piece.guidance):
            latents = step.latents
        return latents

    def _encode(self, pictures: Tensor, noise: Noise) -> Tensor:
        """A draw of the posterior, scaled: what the structure encoder sees and where sampling starts."""
        posterior = self._networks.first_stage.posterior(pictures.to(self._networks.dtype), frames_at_once=1)
        return SCALE_FACTOR * posterior.sample(noise.posterior(posterior.mean.shape))

    def _decode(self, latents: Tensor, pictures: Tensor, frames: int) -> Tensor:
        decoder, fusion = self._networks.decoder, self._options.decoder_fusion
        fuses = decoder.config.fusion is not None and fusion != 0
        features = decoder.features(pictures.to(self._networks.dtype), frames_at_once=1) if fuses else None
        restored = decoder.decode(
            (latents / SCALE_FACTOR).to(self._networks.dtype),
            features,
            fusion_weight=fusion if fuses else 0,
            temporal=self._temporal_decoder,
            frames_at_once=frames,
        )
        return restored.float()

    def _tiles_at_once(self, pictures: Tensor) -> int:
        """One on a CPU, where more gain nothing."""
        if self._networks.device.type == "cpu":
            return 1
        return max(1, memory_limit(self._compute) // self.tile_bytes(len(pictures)))

    def _frames_at_once(self, pictures: Tensor) -> int:
        """As many as fit, one at least; one on a CPU, where more gain nothing."""
        if self._networks.device.type == "cpu":
            return 1
        frames, (height, width) = len(pictures), pictures.shape[-2:]
        config, itemsize, limit = self._networks.decoder.config, self._networks.dtype.itemsize, memory_limit(self._compute)
        fitting = (
            together
            for together in range(frames, 1, -1)
            if decode_memory(config, frames, height, width, together, itemsize) <= limit
        )
        return next(fitting, 1)

    def _in_parts(self, run: Callable[[int], Result], size: int, what: str) -> Result:
        """``run(size)``, with fewer at a time where memory is not enough: the same result but for rounding."""

        def smaller(count: int) -> None:
            line = f"memory was not enough: {count} {what} at a time instead"
            self.shortages.append(line)
            _LOG.warning("%s", line)

        try:
            return in_smaller_parts(run, size, smaller)
        except (MemoryError, RuntimeError) as error:
            if not is_out_of_memory(error):
                raise
            raise InputError(
                f"not enough memory for one of the {what} at a time: use a smaller picture_tile, half precision or another device"
            ) from None


_UNET_VALUES_PER_CHANNEL: Final = 30
"""Values alive at once per latent pixel, for each of the model's channels."""


def _check_tiles(options: DiffusionOptions, multiple: int) -> None:
    if options.tile % multiple:
        raise InputError(f"option tile: {options.tile} is no multiple of {multiple}, by which the U-Net shrinks latents")
    if options.tile_overlap >= options.tile:
        raise InputError(f"option tile_overlap: {options.tile_overlap} is not below the tile's side, {options.tile}")
    if options.picture_stride > options.picture_tile:
        raise InputError(f"option picture_stride: {options.picture_stride} is above picture_tile, {options.picture_tile}: gaps")
    if options.picture_tile < options.tile * LATENT_REDUCTION or options.picture_tile % LATENT_REDUCTION:
        raise InputError(
            f"option picture_tile: {options.picture_tile} has to be a multiple of {LATENT_REDUCTION}, and at least "
            f"{options.tile * LATENT_REDUCTION} for latent tiles of {options.tile}"
        )


def geometry_of(clip: Clip, options: DiffusionOptions) -> Geometry:
    """The sizes of the clip's frames on their way."""
    return Geometry(clip.height, clip.width, options.faithful, options.tile * LATENT_REDUCTION)
