"""The encoder that all autoencoders share."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import cast

from torch import Tensor, nn

from mgld_bench.networks.autoencoder.blocks import Downsample, Middle, ResidualBlock, activated, group_norm
from mgld_bench.networks.autoencoder.config import COLOURS, FEATURE_LEVELS, AutoencoderConfig


class EncoderLevel(nn.Module):
    """The blocks of one size, and the step to half the size (not at the lowest)."""

    def __init__(self, level: int, config: AutoencoderConfig) -> None:
        super().__init__()
        before = config.channels_of(level - 1) if level else config.channels
        after = config.channels_of(level)
        self.block = nn.ModuleList(ResidualBlock(before if index == 0 else after, after) for index in range(config.blocks))
        self.downsample = Downsample(after) if level < config.levels - 1 else None


class Encoder(nn.Module):
    """Pictures to twice z_channels, and to the features that decoders fuse. Frames do not see each other."""

    def __init__(self, config: AutoencoderConfig) -> None:
        super().__init__()
        self.lowest = config.levels - 1
        channels = config.channels_of(self.lowest)
        self.conv_in = nn.Conv2d(COLOURS, config.channels, 3, padding=1)
        self.down = nn.ModuleList(EncoderLevel(level, config) for level in range(config.levels))
        self.mid = Middle(channels)
        self.norm_out = group_norm(channels)
        self.conv_out = nn.Conv2d(channels, 2 * config.z_channels, 3, padding=1)

    def forward(self, pictures: Tensor) -> Tensor:
        """(n, 3, H, W) -> (n, 2 z_channels, H / reduction, W / reduction)."""
        (maps,) = self._level_maps(pictures, [self.lowest])
        encoded: Tensor = self.conv_out(activated(self.norm_out(self.mid(maps))))
        return encoded

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The maps at the ends of levels 1 and 2, before the step down; nothing after them is computed."""
        return self._level_maps(pictures, FEATURE_LEVELS)

    def _level_maps(self, pictures: Tensor, wanted: Collection[int]) -> list[Tensor]:
        kept = []
        maps: Tensor = self.conv_in(pictures)
        for index, level in enumerate(cast("Iterable[EncoderLevel]", self.down)):
            for block in level.block:
                maps = block(maps)
            if index in wanted:
                kept.append(maps)
            if index == max(wanted) or level.downsample is None:
                break
            maps = level.downsample(maps)
        return kept
