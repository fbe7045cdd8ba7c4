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
from mgld_bench.networks.layers.doubling import DoublingConvolution
from mgld_bench.networks.layers.group_norm import GroupNorm32
from mgld_bench.networks.layers.speed_up import Quick, merged

NORM_EPSILON: Final = 1e-6
_SCORE_BYTES: Final = 256 * 2**20
"""What the scores of attention by matrix products may take at a time."""
_HAS_WIDER_PRODUCTS: Final = hasattr(torch.ops.aten.mm, "dtype")
"""From PyTorch 2.8 on."""


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
        return self._encoded(*self._level_maps(pictures, [self.lowest]))

    def features(self, pictures: Tensor) -> list[Tensor]:
        """The maps at the ends of levels 1 and 2, before the downsampling; nothing after them is computed."""
        return self._level_maps(pictures, FEATURE_LEVELS)

    def both(self, pictures: Tensor) -> tuple[Tensor, list[Tensor]]:
        """What forward() and features() return, in one pass."""
        *features, lowest = self._level_maps(pictures, (*FEATURE_LEVELS, self.lowest))
        # With three levels, the last feature is the lowest level's.
        return self._encoded(lowest), [*features, lowest][: len(FEATURE_LEVELS)]

    def _encoded(self, lowest: Tensor) -> Tensor:
        encoded: Tensor = self.conv_out(self.norm_out.activated(self.mid(lowest)))
        return encoded

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


class ResidualBlock(nn.Module, Quick):
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
        hidden: Tensor = self.norm1.activated(x)
        if self.speedups.fused_norms and self.conv1.bias is not None:
            hidden = functional.conv2d(hidden, self.conv1.weight, padding=1)
            hidden = self.norm2.activated(hidden, self.conv1.bias[None])
        else:
            hidden = self.conv1(hidden)
            hidden = self.norm2.activated(hidden)
        hidden = self.conv2(hidden)
        hidden += x if self._shortcut_name is None else self.get_submodule(self._shortcut_name)(x)
        return hidden


class AttentionBlock(nn.Module, Quick):
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

    def prepare(self) -> None:
        """Merge the projections."""
        if self.speedups.matrix_attention:
            layers = self.q, self.k, self.v
            self._weight = merged(*(layer.weight for layer in layers)).flatten(1)
            self._bias = torch.cat([layer.bias for layer in layers if layer.bias is not None])

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out. Where the device has fused attention, scores (pixels x pixels) are never held."""
        normed = self.norm(x)
        if self.speedups.matrix_attention:
            three = functional.linear(normed.permute(0, 2, 3, 1).flatten(1, 2), self._weight, self._bias)
            attended = _by_products(*three.chunk(3, dim=-1))
        else:
            query, key, value = (_tokens(projection(normed)) for projection in (self.q, self.k, self.v))
            attended = functional.scaled_dot_product_attention(query, key, value)[:, 0]
        # In the memory format of x: later convolutions would otherwise follow the strides of a view.
        maps = torch.empty_like(x).copy_(attended.transpose(1, 2).reshape(x.shape))
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
        self.conv = DoublingConvolution(channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, 2h, 2w)."""
        larger: Tensor = self.conv(x)
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


def group_norm(channels: int) -> GroupNorm32:
    """The normalisation of all blocks."""
    return GroupNorm32(channels, NORM_EPSILON)


def _by_products(query: Tensor, key: Tensor, value: Tensor) -> Tensor:
    """Attention of (n, tokens, c), scores in float32, of as many queries at a time as their scores may take memory."""
    tokens, channels = query.shape[1:]
    rows = max(1, _SCORE_BYTES // (2 * tokens * torch.float32.itemsize))
    attended = torch.empty_like(query, memory_format=torch.contiguous_format)
    for index, keys in enumerate(key):
        for first in range(0, tokens, rows):
            part = slice(first, first + rows)
            scores = _in_float32(query[index, part], keys.T).mul_(channels**-0.5)
            torch.mm(scores.softmax(-1).to(value.dtype), value[index], out=attended[index, part])
    return attended


def _in_float32(first: Tensor, second: Tensor) -> Tensor:
    """The product of two matrices, whose sums a GPU has in float32, not rounded to half precision."""
    if first.dtype == torch.float32:
        return first @ second
    if first.device.type == "cuda" and _HAS_WIDER_PRODUCTS:
        return torch.mm(first, second, out_dtype=torch.float32)
    return first.float() @ second.float()


def _tokens(maps: Tensor) -> Tensor:
    """Maps (n, c, h, w) as (n, 1 head, h w, c), with a token's channels side by side, as fused attention needs them."""
    return maps.flatten(2).transpose(1, 2).contiguous()[:, None]
