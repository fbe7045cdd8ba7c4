"""The decoder of Stable Diffusion, and with temporal mixing and feature fusion those of MGLD-VSR and StableSR."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby, zip_longest
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.autoencoder.config import COLOURS, AutoencoderConfig
from mgld_bench.networks.autoencoder.encoder import Middle, ResidualBlock, Upsample, group_norm
from mgld_bench.networks.autoencoder.temporal import (
    ROWS_AT_ONCE,
    DecoderMixing,
    TemporalMixingVersion1,
    TemporalMixingVersion2,
    clip_length,
)

RESIDUAL_SCALE: Final = 0.2
NEGATIVE_SLOPE: Final = 0.2
Step = Callable[..., Tensor]


class Decoder(nn.Module):
    """z_channels to pictures, about [-1, 1] and not clamped.

    Frames see each other only in the temporal mixings: what lies between them runs through some of the frames at a time.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.frames_per_clip = config.frames_per_clip
        channels = config.channels_of(config.levels - 1)
        self.conv_in = nn.Conv2d(config.z_channels, channels, 3, padding=1)
        self.mid = Middle(channels)
        self.temporal_mixing = _mixing(channels, config)
        # Index = level, so the last one runs first.
        self.up = nn.ModuleList(DecoderLevel(level, config) for level in range(config.levels))
        for level in config.fusion_levels:
            self.add_module(_fusion_name(level), FusionLayer(level, config))
        self.norm_out = group_norm(config.channels)
        self.conv_out = nn.Conv2d(config.channels_of(0), COLOURS, 3, padding=1)

    def forward(
        self, latents: Tensor, features: Mapping[int, Tensor], fusion_weight: float, temporal: bool, frames_at_once: int
    ) -> Tensor:
        """Decoded pictures.

        Args:
            latents: (n, z_channels, h, w), in the type of the weights.
            features: the encoder's, by level; none: nothing is fused.
            fusion_weight: how much of the fusion's correction is added; 0: nothing is fused.
            temporal: whether frames are mixed, where the decoder can.
            frames_at_once: frames that go through the blocks together, which decides how much memory they need.

        Returns:
            (n, 3, h * reduction, w * reduction).
        """
        steps = self._steps(fuse=bool(features) and fusion_weight != 0, mix=temporal)
        # Each part is freed as soon as it has gone one step further: frames are stacked only at the end.
        parts = list(torch.split(latents, frames_at_once))
        parts_of_features = {level: torch.split(maps, frames_at_once) for level, maps in features.items()}
        for mixes, group in groupby(steps, lambda step: isinstance(step, DecoderMixing)):
            together = list(group)
            if mixes:
                length = clip_length(len(latents), self.frames_per_clip)
                for mixing in together:
                    mixing(parts, length)
                continue
            for index in range(len(parts)):
                own = {level: maps[index] for level, maps in parts_of_features.items()}
                parts[index] = _run(together, parts[index], own, fusion_weight)
        return torch.cat(parts)

    def _steps(self, fuse: bool, mix: bool) -> list[Step]:
        """All modules in the order in which they run."""
        steps: list[Step | None] = [self.conv_in, self.mid.block_1, self.temporal_mixing, self.mid.attn_1, self.mid.block_2]
        levels = list(enumerate(cast("Iterable[DecoderLevel]", self.up)))
        for index, level in reversed(levels):
            for pair in zip_longest(level.block, level.temporal_mixing):
                steps += pair
            fusion = getattr(self, _fusion_name(index), None)
            steps += [fusion if fuse else None, level.upsample]
        chosen = [step for step in steps if step is not None and (mix or not isinstance(step, DecoderMixing))]
        return [*chosen, self._to_colours]

    def _to_colours(self, maps: Tensor) -> Tensor:
        pictures: Tensor = self.conv_out(self.norm_out.activated(maps))
        return pictures


class DecoderLevel(nn.Module):
    """The blocks of one size, a mixing after each where there is any, and the upsampling (except at the full size).

    Args:
        level: 0 is the full size.
        config: the size of the autoencoder.
    """

    def __init__(self, level: int, config: AutoencoderConfig) -> None:
        super().__init__()
        before = config.channels_of(min(level + 1, config.levels - 1))
        after = config.channels_of(level)
        count = config.blocks + 1
        self.block = nn.ModuleList(ResidualBlock(before if index == 0 else after, after) for index in range(count))
        self.temporal_mixing = nn.ModuleList(mixing for _ in range(count) if (mixing := _mixing(after, config)) is not None)
        self.upsample = Upsample(after) if level else None


class FusionLayer(nn.Module):
    """Controllable feature wrapping (CFW): the decoder's maps, corrected by features of the encoder.

    MGLD-VSR has dense blocks in the middle stage, StableSR residual-in-residual dense blocks. Source: IceClear/StableSR; Wang et
    al., Exploiting Diffusion Prior for Real-World Image Super-Resolution, IJCV 2024.

    Args:
        level: of the decoder.
        config: the size of the autoencoder.
    """

    def __init__(self, level: int, config: AutoencoderConfig) -> None:
        super().__init__()
        self.level = level
        channels = config.channels_of(level)
        block: Callable[[int, int], nn.Module] = DenseBlock if config.fusion == "dense" else ResidualInResidualDenseBlock
        self.encode_enc_1 = ResidualBlock(2 * channels, channels, shortcut_name="conv_out")
        self.encode_enc_2 = nn.Sequential(*(block(channels, config.fusion_growth) for _ in range(config.fusion_blocks)))
        self.encode_enc_3 = ResidualBlock(channels, channels)

    def forward(self, features: Tensor, maps: Tensor, weight: float) -> Tensor:
        """maps + weight * correction, where the correction is computed from both; all (n, channels, h, w)."""
        hidden: Tensor = self.encode_enc_1(torch.cat([features, maps], dim=1))
        hidden = self.encode_enc_2(hidden)
        hidden = self.encode_enc_3(hidden)
        return hidden.mul_(weight).add_(maps)


class ResidualInResidualDenseBlock(nn.Module):
    """RRDB: three dense blocks in a row, a fifth of which is added to the input.

    Args:
        channels: in and out.
        growth: channels that each convolution of a dense block adds.
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(channels, growth)
        self.rdb2 = DenseBlock(channels, growth)
        self.rdb3 = DenseBlock(channels, growth)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        correction: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return correction.mul_(RESIDUAL_SCALE).add_(x)


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each of which sees the input and all before it; a fifth of the last is added to the input.

    Args:
        channels: in and out.
        growth: channels that each convolution adds.
    """

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, growth, 3, padding=1)
        self.conv2 = nn.Conv2d(channels + growth, growth, 3, padding=1)
        self.conv3 = nn.Conv2d(channels + 2 * growth, growth, 3, padding=1)
        self.conv4 = nn.Conv2d(channels + 3 * growth, growth, 3, padding=1)
        self.conv5 = nn.Conv2d(channels + 4 * growth, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        seen = x
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            added = functional.leaky_relu(convolution(seen), NEGATIVE_SLOPE, inplace=True)
            seen = torch.cat([seen, added], dim=1)
        correction: Tensor = self.conv5(seen)
        return correction.mul_(RESIDUAL_SCALE).add_(x)


def decode_memory(
    config: AutoencoderConfig, frames: int, height: int, width: int, frames_at_once: int | None = None, value_bytes: int = 4
) -> int:
    """Estimated peak memory of Autoencoder.decode(), in bytes, beside its weights, features and result.

    Counts the maps that are alive at the peak; what PyTorch allocates is within 15 % of it. Resident memory grows by more, since
    glibc keeps freed maps below 32 MiB, and a GPU's convolutions need working memory on top. Measured on a CPU with the full-size
    networks in float32, bytes per pixel of one picture: StableSR's decoder, 512x512: 2594 (estimate 2560); MGLD-VSR's, 5 pictures
    of 512x512, one at a time: 6480 (estimate 4864).

    Args:
        config: the size of the autoencoder.
        frames: number of pictures.
        height: of a picture, in pixels.
        width: of a picture, in pixels.
        frames_at_once: as of decode().
        value_bytes: 4 in float32, 2 in half precision.
    """
    together = min(frames_at_once or frames, frames)
    whole, below = config.channels_of(0), config.channels_of(1)
    # The first block at the full size: its input, plain and normalised, has the channels of the level below.
    working = together * (2 * below + whole)
    if config.temporal_version == 0:
        return int(working * height * width * value_bytes)
    # All frames have to arrive before a temporal mixing; each part's maps of the level below are still there.
    blocks = (frames - together) * whole + working + together * below / 4
    # A frame with the frames it sees (version 1: one on either side; version 2: two), and copies of what was overwritten.
    mixing = frames * whole + 3 * (config.temporal_version + 1) * whole * min(1, ROWS_AT_ONCE / height)
    return int(max(blocks, mixing) * height * width * value_bytes)


def _run(steps: Iterable[Step], maps: Tensor, features: Mapping[int, Tensor], fusion_weight: float) -> Tensor:
    for step in steps:
        maps = step(features[step.level], maps, fusion_weight) if isinstance(step, FusionLayer) else step(maps)
    return maps


def _mixing(channels: int, config: AutoencoderConfig) -> DecoderMixing | None:
    if config.temporal_version == 0:
        return None
    return TemporalMixingVersion1(channels) if config.temporal_version == 1 else TemporalMixingVersion2(channels)


def _fusion_name(level: int) -> str:
    return f"fusion_layer_{level}"
