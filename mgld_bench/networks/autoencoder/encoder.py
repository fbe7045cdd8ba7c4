"""The encoder that all autoencoders share, and the blocks that it has in common with the decoder.

For inference only: activations and sums are done in place where nothing else reads the tensor. Source:
ldm/modules/diffusionmodules/model.py of CompVis/latent-diffusion (MIT).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.autoencoder.config import COLOURS, FEATURE_LEVELS, AutoencoderConfig
from mgld_bench.networks.layers.sizes import NORM_GROUPS

NORM_EPSILON: Final = 1e-6


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
        """(n, 3, H, W) to (n, 2 z_channels, H / reduction, W / reduction)."""
        (maps,) = self._level_maps(pictures, [self.lowest])
        encoded: Tensor = self.conv_out(activated(self.norm_out(self.mid(maps))))
        return encoded

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The maps at the ends of levels 1 and 2, before the downsampling; nothing after them is computed."""
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


class EncoderLevel(nn.Module):
    """The blocks of one size, and the downsampling to half the size (except at the lowest level).

    Args:
        level: 0 is the full size.
        config: the size of the autoencoder.
    """

    def __init__(self, level: int, config: AutoencoderConfig) -> None:
        super().__init__()
        before = config.channels_of(level - 1) if level else config.channels
        after = config.channels_of(level)
        self.block = nn.ModuleList(ResidualBlock(before if index == 0 else after, after) for index in range(config.blocks))
        self.downsample = Downsample(after) if level < config.levels - 1 else None


class ResidualBlock(nn.Module):
    """Normalisation, activation and 3x3 convolution, twice, plus the input.

    Where the numbers of channels differ, the input goes through a 1x1 convolution, which the official checkpoints call
    nin_shortcut, or conv_out inside fusion layers.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        shortcut_name: of the 1x1 convolution.
    """

    def __init__(self, in_channels: int, out_channels: int, shortcut_name: str = "nin_shortcut") -> None:
        super().__init__()
        self.norm1 = group_norm(in_channels)
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, padding=1)
        self.norm2 = group_norm(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1)
        self._shortcut_name = shortcut_name if in_channels != out_channels else None
        if self._shortcut_name is not None:
            self.add_module(self._shortcut_name, nn.Conv2d(in_channels, out_channels, 1))

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, h, w) to (n, out_channels, h, w); ``x`` is left as it is."""
        # One step per statement: a name keeps its tensor alive until it is assigned the next one.
        hidden: Tensor = self.conv1(activated(self.norm1(x)))
        hidden = activated(self.norm2(hidden))
        hidden = self.conv2(hidden)
        hidden += x if self._shortcut_name is None else self.get_submodule(self._shortcut_name)(x)
        return hidden


class AttentionBlock(nn.Module):
    """Single-head attention of each pixel to all pixels of its frame, plus the input.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = group_norm(channels)
        self.q = nn.Conv2d(channels, channels, 1)
        self.k = nn.Conv2d(channels, channels, 1)
        self.v = nn.Conv2d(channels, channels, 1)
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out. Where the device has fused attention, scores (pixels x pixels) are never held."""
        normed = self.norm(x)
        query, key, value = (_tokens(projection(normed)) for projection in (self.q, self.k, self.v))
        attended = functional.scaled_dot_product_attention(query, key, value)
        # In the memory format of x: later convolutions would otherwise follow the strides of a view.
        maps = torch.empty_like(x).copy_(attended[:, 0].transpose(1, 2).reshape(x.shape))
        hidden: Tensor = self.proj_out(maps)
        hidden += x
        return hidden


class Downsample(nn.Module):
    """Half the size by a 3x3 convolution of stride 2.

    Zeros are padded on the right and at the bottom only, so the maps move by half a pixel: the checkpoints are made for that.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, h / 2, w / 2)."""
        smaller: Tensor = self.conv(functional.pad(x, (0, 1, 0, 1)))
        return smaller


class Upsample(nn.Module):
    """Twice the size by nearest neighbour and a 3x3 convolution.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, 2h, 2w)."""
        larger: Tensor = self.conv(functional.interpolate(x, scale_factor=2, mode="nearest"))
        return larger


class Middle(nn.Module):
    """The blocks at the lowest level: residual, attention, residual.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1 = ResidualBlock(channels, channels)
        self.attn_1 = AttentionBlock(channels)
        self.block_2 = ResidualBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        hidden: Tensor = self.block_2(self.attn_1(self.block_1(x)))
        return hidden


def group_norm(channels: int) -> nn.GroupNorm:
    """The normalisation of all blocks; in half precision it sums in float32 and returns half precision."""
    return nn.GroupNorm(NORM_GROUPS, channels, eps=NORM_EPSILON)


def activated(fresh: Tensor) -> Tensor:
    """x * sigmoid(x), which overwrites ``fresh``."""
    return functional.silu(fresh, inplace=True)


def _tokens(maps: Tensor) -> Tensor:
    """Maps (n, c, h, w) as (n, 1 head, h w, c), with a token's channels side by side, as fused attention needs them."""
    return maps.flatten(2).transpose(1, 2).contiguous()[:, None]
