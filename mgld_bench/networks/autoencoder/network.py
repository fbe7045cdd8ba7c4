"""The autoencoder of the latent diffusion methods: one network in the four forms of AutoencoderConfig."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from mgld_bench.networks.autoencoder.config import FEATURE_LEVELS, AutoencoderConfig
from mgld_bench.networks.autoencoder.decoder import Decoder
from mgld_bench.networks.autoencoder.encoder import Encoder

LOG_VARIANCE: Final = (-30.0, 20.0)
"""The range to which the log variance is clamped."""


@dataclass(frozen=True)
class Posterior:
    """The normal distribution of the latents of pictures: mean and log variance, (n, embed_dim, h, w) float32."""

    mean: Tensor
    logvar: Tensor

    @property
    def std(self) -> Tensor:
        """The standard deviation."""
        return torch.exp(0.5 * self.logvar)

    def sample(self, noise: Tensor) -> Tensor:
        """One draw.

        Args:
            noise: standard normal, of the mean's shape and on its device; the authors draw it on the CPU.
        """
        return self.mean + self.std * noise


class Autoencoder(nn.Module):
    """AutoencoderKL of Stable Diffusion 2.1, with MGLD-VSR's sequence decoder or StableSR's CFW decoder as well; for inference.

    Pictures are (n, 3, H, W) RGB in [-1, 1], both sides multiples of 8 (of 2^(levels - 1)), in the network's dtype and on its
    device; latents are (n, 4, H / 8, W / 8). ``frames_at_once``: how many frames go through the network together (None: all).
    Fewer need less memory and give the same result up to the rounding of the device's kernels. Frames see each other only in the
    sequence decoder's temporal mixing. Everything is computed for whole pictures: the group normalisations' statistics are those
    of all pixels, so tiles would give a different result.

    Names of the state dict are those of the official checkpoints. Sources: CompVis/latent-diffusion; IanYeung/MGLD-VSR
    (VideoAutoencoderKLResi); IceClear/StableSR (AutoencoderKLResi).
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.quant_conv = nn.Conv2d(2 * config.z_channels, 2 * config.embed_dim, 1)
        self.post_quant_conv = nn.Conv2d(config.embed_dim, config.z_channels, 1)

    @torch.no_grad()
    def moments(self, pictures: Tensor, frames_at_once: int | None = None) -> Tensor:
        """Mean and log variance (not clamped) side by side, (n, 2 embed_dim, h, w).

        Raises:
            ValueError: the sides of the pictures are not multiples of the reduction.
        """
        self._check_size(pictures)
        return torch.cat([self.quant_conv(self.encoder(part)) for part in _parts(pictures, frames_at_once)])

    def posterior(self, pictures: Tensor, frames_at_once: int | None = None) -> Posterior:
        """The distribution of the latents, before the scale factor.

        Raises:
            ValueError: the sides of the pictures are not multiples of the reduction.
        """
        return _posterior(self.moments(pictures, frames_at_once))

    @torch.no_grad()
    def posterior_and_features(self, pictures: Tensor, frames_at_once: int | None = None) -> tuple[Posterior, list[Tensor]]:
        """What posterior() and features() return, by one pass of the encoder.

        Raises:
            ValueError: the sides of the pictures are not multiples of the reduction.
        """
        self._check_size(pictures)
        parts = [self.encoder.both(part) for part in _parts(pictures, frames_at_once)]
        moments = torch.cat([self.quant_conv(encoded) for encoded, _ in parts])
        return _posterior(moments), [torch.cat(maps) for maps in zip(*(features for _, features in parts), strict=True)]

    @torch.no_grad()
    def features(self, pictures: Tensor, frames_at_once: int | None = None) -> list[Tensor]:
        """What decode() fuses: the encoder's maps of level 1 (256 channels, H / 2) and level 2 (512 channels, H / 4).

        The encoder stops there: what the authors' code computes after it has no effect on them.

        Raises:
            ValueError: the sides of the pictures are not multiples of the reduction.
        """
        self._check_size(pictures)
        parts = [self.encoder.features(part) for part in _parts(pictures, frames_at_once)]
        return [torch.cat(maps) for maps in zip(*parts, strict=True)]

    @torch.no_grad()
    def decode(
        self,
        latents: Tensor,
        features: Sequence[Tensor] | None = None,
        fusion_weight: float = 1.0,
        temporal: bool = True,
        frames_at_once: int | None = None,
    ) -> Tensor:
        """Pictures (n, 3, H, W), not clamped.

        Args:
            latents: (n, embed_dim, H / 8, W / 8), those of the diffusion divided by SCALE_FACTOR. With temporal mixing, frames
                are those of clips one after the other: ``n // config.frames_per_clip`` clips of equal length.
            features: what features() returned; None where nothing is fused.
            fusion_weight: how much of the fusion's correction is added; 0 removes it exactly.
            temporal: False removes the temporal mixing exactly (the authors' published weights were trained together, so either
                removal only approximates the paper's ablations).
            frames_at_once: see the class.

        Raises:
            ValueError: the frames do not form such clips, a fusion has no features, or there are features without a fusion.
        """
        return self.decoder(  # type: ignore[no-any-return]
            self.post_quant_conv(_suited_to_convolutions(latents)),
            self._features_by_level(features, fusion_weight),
            fusion_weight,
            temporal,
            frames_at_once or len(latents),
        )

    def encodes_like(self, other: Autoencoder) -> bool:
        """Whether another one's encoder is the same, so that its features() are those of posterior_and_features() here."""
        own, given = self.encoder.state_dict(), other.encoder.state_dict()
        if {name: tensor.shape for name, tensor in own.items()} != {name: tensor.shape for name, tensor in given.items()}:
            return False
        # One answer for all: each of them would wait for a GPU.
        return bool(torch.stack([(own[name] == given[name]).all() for name in own]).all())

    def _features_by_level(self, features: Sequence[Tensor] | None, fusion_weight: float) -> dict[int, Tensor]:
        if self.config.fusion is None:
            if features is not None:
                raise ValueError("decode() was given features, but this autoencoder has no fusion")
            return {}
        if features is None:
            if fusion_weight != 0:
                raise ValueError("decode() needs the encoder's features: this autoencoder fuses them (or fusion_weight 0)")
            return {}
        return dict(zip(FEATURE_LEVELS, features, strict=True))

    def _check_size(self, pictures: Tensor) -> None:
        height, width = pictures.shape[-2:]
        if height % self.config.reduction or width % self.config.reduction:
            raise ValueError(f"pictures of {width}x{height}: both sides have to be multiples of {self.config.reduction}")


def _posterior(moments: Tensor) -> Posterior:
    mean, logvar = moments.float().chunk(2, dim=1)
    return Posterior(mean, logvar.clamp(*LOG_VARIANCE))


def _parts(frames: Tensor, frames_at_once: int | None) -> Sequence[Tensor]:
    return torch.split(_suited_to_convolutions(frames), frames_at_once or len(frames))


def _suited_to_convolutions(frames: Tensor) -> Tensor:
    """On a CPU, frames with channels last, which all maps then keep; its convolutions would copy their in- and output."""
    return frames.contiguous(memory_format=torch.channels_last) if frames.device.type == "cpu" else frames
