"""The decoder of Stable Diffusion, and with temporal mixing and feature fusion those of MGLD-VSR and StableSR."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import groupby, zip_longest
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.autoencoder.config import COLOURS, AutoencoderConfig
from mgld_bench.networks.autoencoder.encoder import Middle, ResidualBlock, Upsample, activated, group_norm
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

    Frames see each other in the temporal mixings only: what lies between these runs through a part of the frames at a time.
    """

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.frames_per_clip = config.frames_per_clip
        channels = config.channels_of(config.levels - 1)
        self.conv_in = nn.Conv2d(config.z_channels, channels, 3, padding=1)
        self.mid = Middle(channels)
        self.temporal_mixing = _mixing(channels, config)
        # Index = level, so the last one is the first to be used.
        self.up = nn.ModuleList(DecoderLevel(level, config) for level in range(config.levels))
        for level in config.fusion_levels:
            self.add_module(_fusion_name(level), FusionLayer(level, config))
        self.norm_out = group_norm(config.channels)
        self.conv_out = nn.Conv2d(config.channels_of(0), COLOURS, 3, padding=1)

    def forward(
        self, latents: Tensor, features: Mapping[int, Tensor], fusion_weight: float, temporal: bool, frames_at_once: int
    ) -> Tensor:
        """(n, z_channels, h, w) -> (n, 3, h * reduction, w * reduction).

        features: the encoder's, by level; where there are none, or fusion_weight is 0, nothing is fused. frames_at_once: how
        many frames go through the blocks together, which decides the memory that they need.
        """
        steps = self._steps(fuse=bool(features) and fusion_weight != 0, mix=temporal)
        # Each part is freed as soon as it has gone a step further: no stack of all frames is made before the end.
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
        """All modules in the order in which they are used."""
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
        pictures: Tensor = self.conv_out(activated(self.norm_out(maps)))
        return pictures


class DecoderLevel(nn.Module):
    """The blocks of one size, a mixing for each where there is any, and the step to twice the size (not at the whole size)."""

    def __init__(self, level: int, config: AutoencoderConfig) -> None:
        super().__init__()
        before = config.channels_of(min(level + 1, config.levels - 1))
        after = config.channels_of(level)
        count = config.blocks + 1
        self.block = nn.ModuleList(ResidualBlock(before if index == 0 else after, after) for index in range(count))
        self.temporal_mixing = nn.ModuleList(mixing for _ in range(count) if (mixing := _mixing(after, config)) is not None)
        self.upsample = Upsample(after) if level else None


class FusionLayer(nn.Module):
    """maps + weight * (what three stages make of the encoder's features and the decoder's maps together).

    MGLD-VSR has dense blocks in the middle stage, StableSR residual in residual dense blocks. Source: IceClear/StableSR.
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
        """Features and maps of the same size, (n, channels, h, w), as is the result."""
        hidden: Tensor = self.encode_enc_1(torch.cat([features, maps], dim=1))
        hidden = self.encode_enc_2(hidden)
        hidden = self.encode_enc_3(hidden)
        return hidden.mul_(weight).add_(maps)


class ResidualInResidualDenseBlock(nn.Module):
    """RRDB: three dense blocks in a row, of which a fifth is added to the input."""

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
    """Five 3x3 convolutions, each of which sees the input and all that came before; a fifth of the last is added to the input."""

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
    """Peak of decode() to ``frames`` pictures of height x width, in bytes, its features not counted. value_bytes: as above."""
    together = min(frames_at_once or frames, frames)
    whole, below = config.channels_of(0), config.channels_of(1)
    # The first block at the whole size: its input and that normalised have the channels of the level below.
    working = together * (2 * below + whole)
    if config.temporal_version == 0:
        return int(working * height * width * value_bytes)
    # Before a temporal mixing all frames have to have come as far; each part's maps of the level below are still there.
    blocks = (frames - together) * whole + working + together * below / 4
    # A frame with all that it sees (version 1: one frame to either side; version 2: two), and copies of what was overwritten.
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
