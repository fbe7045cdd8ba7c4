"""What StableSR and MGLD-VSR share: a picture tile's way from encoder to sampler, decoder, colour fix."""

from __future__ import annotations

import functools
import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar

import torch
from torch import Tensor

from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.memory import in_smaller_parts, is_out_of_memory, over_budget
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.diffusion.colour_fix import COLOUR_FIXES
from mgld_bench.methods.diffusion.geometry import Geometry
from mgld_bench.methods.diffusion.networks import DiffusionNetworks
from mgld_bench.methods.diffusion.noise import SeededNoise, respaced_schedule, training_schedule
from mgld_bench.methods.diffusion.options import LATENT_REDUCTION, DiffusionOptions, check_tiles
from mgld_bench.methods.diffusion.sampler import Guidance, LatentTiling, noised, sampling_steps
from mgld_bench.networks.autoencoder.config import COLOURS, FEATURE_LEVELS, SCALE_FACTOR
from mgld_bench.networks.autoencoder.decoder import decode_memory

Result = TypeVar("Result")

_LOG: Final = logging.getLogger(__name__)
_PICTURE_BYTES: Final = COLOURS * torch.float32.itemsize
_UNET_VALUES_PER_CHANNEL: Final = 30
"""Values alive at once per latent pixel and channel of the model: 28 by the tensors of the full-size networks, and a margin."""


@dataclass(frozen=True)
class Piece:
    """Frames that are restored together, all of one picture tile."""

    pictures: Tensor
    """(n, 3, H, W) in [-1, 1]: LR frames, enlarged and padded."""
    noise: Callable[[], SeededNoise]
    """Gives the noise from its start on; called again if memory was not enough."""
    guidance: Guidance | None


class LatentDiffusion:
    """Restores picture tiles with the networks of a method, in parts that fit the memory."""

    def __init__(self, networks: DiffusionNetworks, options: DiffusionOptions, compute: Compute, temporal_decoder: bool) -> None:
        """Prepare the schedule; ``temporal_decoder`` False leaves out the decoder's temporal mixing.

        Raises:
            InputError: if tiles suit neither each other nor the U-Net.
        """
        check_tiles(options, networks.unet.size_multiple)
        self._networks = networks
        self._options = options
        self._compute = compute
        self._temporal_decoder = temporal_decoder
        self._full = training_schedule()
        self._schedule = respaced_schedule(options.steps, self._full)
        self.shortages: list[str] = []
        """A line for each time that memory was not enough."""
        self._features: list[Tensor] | None = None
        """The decoder's features of the pictures in work, where the first stage's encoder gave them."""
        self._most: dict[str, int] = {}
        """Tiles and frames at a time that fitted after more of them did not."""

    def in_turns(self, units: range, together: int, what: str, run: Callable[[range], Tensor]) -> Iterator[tuple[range, Tensor]]:
        """Run all ``units`` in order, several at a time.

        Args:
            units: the numbers of frames or segments.
            together: how many are run at a time; fewer where memory is not enough.
            what: they are, for messages: "segments of the clip".
            run: restores some of them.

        Yields:
            Some units, and their result.

        Raises:
            InputError: if memory is not enough for one.
        """

        def turn(count: int) -> tuple[range, Tensor]:
            chosen = units[:count]
            return chosen, run(chosen)

        while units:
            try:
                done = self._in_parts(turn, min(together, len(units)), what)
            except (MemoryError, RuntimeError) as error:
                if not is_out_of_memory(error):
                    raise
                raise InputError(
                    f"one of the {what} does not fit the memory of {self._compute.device}, not even tile by tile: "
                    "use half precision, a different device or a smaller picture_tile, which changes the frames"
                ) from None
            units = units[len(done[0]) :]
            yield done
            # Not held while the next ones are computed.
            del done

    def restore(self, piece: Piece) -> Tensor:
        """The restored pictures (n, 3, H, W) float32, about [-1, 1], not clamped, colours fixed."""
        pictures = piece.pictures
        latents = self._in_parts(functools.partial(self._sample, piece), self._tiles_at_once(pictures), "tiles")
        decode = functools.partial(self._decode_all, latents, pictures)
        restored = self._in_parts(decode, self._frames_at_once(pictures[: self._frames_of_a_group]), "frames")
        self._features = None
        return COLOUR_FIXES[self._options.color_fix](restored, pictures)

    def pieces_at_once(self, frames: int, height: int, width: int, most: int) -> int:
        """How many pieces of ``frames`` frames of height x width, one latent tile each, to restore together: ``most`` or fewer.

        As many as the U-Net has memory for. The decoder takes them group by group.
        """
        kept = 2 * _PICTURE_BYTES
        if self._networks.one_encoder:
            config = self._networks.decoder.config
            kept += sum(config.channels_of(level) // 4**level for level in FEATURE_LEVELS) * self._networks.dtype.itemsize
        of_piece = self.tile_bytes(frames) + frames * height * width * kept
        group = self._decoder_bytes(self._frames_of_a_group, height, width, 1)
        return max(1, min(most, (self._compute.memory_budget() - group) // of_piece))

    def check_memory(self, clip: Clip, frames: int, height: int, width: int) -> None:
        """Raise InputError if ``frames`` padded frames of height x width of ``clip`` do not fit what the user allows.

        What counts is the least they can take: one latent tile and one frame at a time.
        """
        allowed, side = self._compute.max_memory, self._options.picture_tile
        height, width = min(side, height), min(side, width)
        least = max(self.tile_bytes(frames), self._decoder_bytes(frames, height, width, 1))
        if allowed is not None and least > allowed:
            count = "one frame" if frames == 1 else f"{frames} frames"
            raise over_budget(f"clip {clip.name}: restoring {count} of a picture tile of {width} x {height}", least, allowed)

    def device_note(self) -> dict[str, str]:
        """That the frames are those of one kind of device, where they are."""
        kind = self._networks.device.type
        if kind == "cpu" or not self._options.faithful:
            return {}
        return {"random numbers": f"those of {kind}, as in the authors' script; a different kind of device draws different noise"}

    def tile_bytes(self, frames: int) -> int:
        """About how many bytes a latent tile of ``frames`` frames takes in the U-Net, beside the weights."""
        widths = self._networks.unet.config.model_channels * _UNET_VALUES_PER_CHANNEL
        return frames * self._options.tile**2 * widths * self._networks.dtype.itemsize

    def frame_bytes(self, height: int, width: int) -> int:
        """About how many bytes a frame of height x width takes in the decoder, beside the weights."""
        return self._decoder_bytes(1, height, width, 1)

    def _sample(self, piece: Piece, tiles: int) -> Tensor:
        noise = piece.noise()
        condition = self._encode(piece.pictures, noise)
        start = noised(condition, noise.draw(condition.shape), self._full)
        draw = functools.partial(noise.draw, condition.shape)
        latents, denoise, tiling = start, self._networks.denoise, self._tiling(tiles)
        solver = None if self._options.sampler == "ddpm" else self._options.sampler
        for step in sampling_steps(start, condition, denoise, draw, self._schedule, tiling, piece.guidance, solver):
            latents = step.latents
        return latents

    def _encode(self, pictures: Tensor, noise: SeededNoise) -> Tensor:
        """A sample of the posterior, scaled: what the structure encoder sees and where sampling starts."""
        first_stage, cast = self._networks.first_stage, pictures.to(self._networks.dtype)
        together = self._encoded_at_once(pictures)
        if self._networks.one_encoder and self._fuses:
            posterior, self._features = first_stage.posterior_and_features(cast, together)
        else:
            posterior = first_stage.posterior(cast, together)
        return SCALE_FACTOR * posterior.sample(noise.posterior(posterior.mean.shape))

    def _decode_all(self, latents: Tensor, pictures: Tensor, frames: int) -> Tensor:
        """Group by group, since more frames at once make no device faster and take more memory."""
        size, restored = self._frames_of_a_group, []
        known = None if self._features is None else zip(*(maps.split(size) for maps in self._features), strict=True)
        for group in zip(latents.split(size), pictures.split(size), strict=True):
            features = () if known is None else (next(known),)
            restored.append(self._decode(*group, frames, *features))
        return torch.cat(restored)

    def _decode(self, latents: Tensor, pictures: Tensor, frames: int, features: Sequence[Tensor] | None = None) -> Tensor:
        """The pictures of one group of frames; ``features``: the encoder's, where they are known."""
        decoder = self._networks.decoder
        if features is None and self._fuses:
            features = decoder.features(pictures.to(self._networks.dtype), self._encoded_at_once(pictures))
        restored = decoder.decode(
            (latents / SCALE_FACTOR).to(self._networks.dtype),
            features,
            fusion_weight=self._options.decoder_fusion if self._fuses else 0,
            temporal=self._temporal_decoder,
            frames_at_once=frames,
        )
        return restored.float()

    @property
    def _fuses(self) -> bool:
        """Whether the decoder takes features of the encoder."""
        return self._networks.decoder.config.fusion is not None and self._options.decoder_fusion != 0

    @property
    def _frames_of_a_group(self) -> int:
        """Frames that are decoded together: those that temporal mixing needs to see together."""
        return self._networks.decoder.config.frames_per_clip

    def _encoded_at_once(self, pictures: Tensor) -> int:
        """Frames that go through an encoder together; it takes less memory than the decoder."""
        if not self._networks.speedups.batched_encoders:
            return 1
        return self._frames_at_once(pictures[: self._frames_of_a_group])

    def _decoder_bytes(self, frames: int, height: int, width: int, together: int) -> int:
        return decode_memory(self._networks.decoder.config, frames, height, width, together, self._networks.dtype.itemsize)

    def _tiles_at_once(self, pictures: Tensor) -> int:
        """As many as fit, at least one; one on a CPU, where more gain nothing."""
        if self._networks.device.type == "cpu":
            return 1
        height, width = (side // LATENT_REDUCTION for side in pictures.shape[-2:])
        fitting = self._compute.memory_budget() // self.tile_bytes(len(pictures))
        return max(1, min(fitting, len(self._tiling(1).places(height, width))))

    def _frames_at_once(self, pictures: Tensor) -> int:
        """As many as fit, at least one; one on a CPU, where more gain nothing."""
        if self._networks.device.type == "cpu":
            return 1
        frames, (height, width), limit = len(pictures), pictures.shape[-2:], self._compute.memory_budget()
        fitting = (together for together in range(frames, 1, -1) if self._decoder_bytes(frames, height, width, together) <= limit)
        return next(fitting, 1)

    def _tiling(self, tiles: int) -> LatentTiling:
        return LatentTiling(self._options.tile, self._options.tile_overlap, tiles)

    def _in_parts(self, run: Callable[[int], Result], size: int, what: str) -> Result:
        """``run(size)``, with fewer at a time where memory is not enough: the same result, except for rounding.

        A size that was too much once is not tried again.
        """

        def smaller(count: int) -> None:
            self._most[what] = count
            line = f"memory was not enough: {what} at a time reduced to {count}"
            self.shortages.append(line)
            _LOG.warning("%s", line)

        return in_smaller_parts(run, min(size, self._most.get(what, size)), smaller)


def geometry_of(clip: Clip, options: DiffusionOptions) -> Geometry:
    """The sizes of the clip's frames on their way through the method."""
    return Geometry(clip.height, clip.width, options.faithful, options.tile * LATENT_REDUCTION)
