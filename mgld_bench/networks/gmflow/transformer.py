"""The transformer of GMFlow and UniMatch: features of two images exchange information within (shifted) windows."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

TEMPERATURE = 10000
EPSILON = 1e-6
BLOCK_BYTES = 256 * 2**20
"""Bytes that the scores of one block of queries may take, where scores are written out at all (see attend())."""
OTHER_REGION = -100.0
"""Added to the score of two tokens that share a window only because the shift joins opposite borders of the map."""
TOKENS_AT_ONCE = 4096
"""Tokens that go through a feed-forward network at a time, since its hidden layer is the widest of all tensors. Far smaller
blocks are no faster on one core, and five times slower on cores that other processes use too: threads wait for each other."""


class Transformer(nn.Module):
    """Blocks of self-attention, cross-attention and a feed-forward network; every second block shifts its windows.

    Source: gmflow/transformer.py of haofeixu/gmflow (Apache-2.0).

    Args:
        channels: of the features.
        blocks: number of blocks.
        expansion: width of the feed-forward networks' hidden layer, relative to their input of 2 * channels.
    """

    def __init__(self, channels: int, blocks: int, expansion: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TransformerBlock(channels, expansion) for _ in range(blocks))

    def forward(self, feature0: Tensor, feature1: Tensor, splits: int, block_bytes: int) -> tuple[Tensor, Tensor]:
        """Both images' features after the exchange.

        Args:
            feature0: features of the first image, positions added, (n, c, h, w).
            feature1: those of the second image.
            splits: the maps are cut into splits x splits windows; 1: attention over the whole map, and no shift.
            block_bytes: as of attend().

        Returns:
            The features of the first and of the second image, each (n, c, h, w).
        """
        count, _, height, width = feature0.shape
        both = torch.cat([feature0, feature1]).permute(0, 2, 3, 1)
        half = (height // splits // 2, width // splits // 2)
        regions = region_channels((height, width), splits, half, like=both)
        for index, block in enumerate(self.layers):
            shifts = splits > 1 and index % 2 == 1
            shift = half if shifts else (0, 0)
            # One name for maps and windows, so that each is freed as soon as the next is made.
            both = to_windows(both, splits, shift)
            both = block(both, regions if shifts else None, block_bytes)
            both = from_windows(both, (height, width), splits, shift)
        out = both.permute(0, 3, 1, 2)
        return out[:count], out[count:]


class TransformerBlock(nn.Module):
    """Self-attention, then cross-attention with a feed-forward network.

    Args:
        channels: of the features.
        expansion: as of Transformer.
    """

    def __init__(self, channels: int, expansion: int) -> None:
        super().__init__()
        self.self_attn = AttentionLayer(channels)
        self.cross_attn_ffn = AttentionLayer(channels, expansion)

    def forward(self, windows: Tensor, regions: tuple[Tensor, Tensor] | None, block_bytes: int) -> Tensor:
        """Windows (2 n, windows, tokens, c) in and out, those of the first images before those of the second.

        Cross-attention sees the other image as it was before this block, without this block's self-attention: the authors'
        weights were trained that way.

        Args:
            windows: the tokens.
            regions: what region_channels() gave for a shifted block, else None.
            block_bytes: as of attend().
        """
        own = self.self_attn(windows, windows, regions, block_bytes)
        attended: Tensor = self.cross_attn_ffn(own, windows.roll(len(windows) // 2, 0), regions, block_bytes)
        return attended


class AttentionLayer(nn.Module):
    """Single-head attention, normalised after the branch, followed by a feed-forward network where an expansion is given.

    Args:
        channels: of the tokens.
        expansion: as of Transformer; None: no feed-forward network.
    """

    def __init__(self, channels: int, expansion: int | None = None) -> None:
        super().__init__()
        self.q_proj = nn.Linear(channels, channels, bias=False)
        self.k_proj = nn.Linear(channels, channels, bias=False)
        self.v_proj = nn.Linear(channels, channels, bias=False)
        self.merge = nn.Linear(channels, channels, bias=False)
        self.norm1 = nn.LayerNorm(channels)
        self.mlp = None
        if expansion is not None:
            wide = 2 * channels * expansion
            self.mlp = nn.Sequential(nn.Linear(2 * channels, wide, bias=False), nn.GELU(), nn.Linear(wide, channels, bias=False))
            self.norm2 = nn.LayerNorm(channels)

    def forward(self, source: Tensor, target: Tensor, regions: tuple[Tensor, Tensor] | None, block_bytes: int) -> Tensor:
        """``source`` plus what it takes from ``target``, both (m, windows, tokens, c); the same shape."""
        message: Tensor = self.norm1(self.merge(self._attended(source, target, regions, block_bytes)))
        if self.mlp is not None:
            message = self.norm2(_fed_forward(self.mlp, source, message))
        return message.add_(source)

    def _attended(self, source: Tensor, target: Tensor, regions: tuple[Tensor, Tensor] | None, block_bytes: int) -> Tensor:
        scale = source.shape[-1] ** -0.5
        query, key = self.q_proj(source), self.k_proj(target)
        if regions is not None:
            query = _with_channels(query, regions[0] / scale)
            key = _with_channels(key, regions[1])
        return attend(query, key, self.v_proj(target), block_bytes, scale)


def attend(query: Tensor, key: Tensor, value: Tensor, block_bytes: int, scale: float | None = None) -> Tensor:
    """softmax(query key^T * scale) value: (n, groups, queries, value channels).

    PyTorch's fused attention never holds more than a tile of the scores. On a CPU it needs values as wide as the keys, so
    narrower ones are padded with zeros, which costs less than writing the scores out. A device without fused attention writes out
    the scores of one block of queries at a time.

    Args:
        query: (n, groups, queries, c).
        key: (n, groups, keys, c).
        value: (n, groups, keys, value channels), with at most c channels.
        block_bytes: about how many bytes the scores of a block of queries take.
        scale: factor of the scores; None: 1 / sqrt(c).
    """
    count, groups, keys, channels = key.shape
    wanted = value.shape[-1]
    if wanted < channels:
        value = functional.pad(value, (0, channels - wanted))
    rows = max(1, block_bytes // (count * groups * keys * query.element_size()))
    # Written into one tensor: blocks kept for a later cat would fragment the memory between one block's scores and the next.
    output = query.new_empty(count, groups, query.shape[2], wanted)
    for queries, attended in zip(torch.split(query, rows, dim=2), torch.split(output, rows, dim=2), strict=True):
        block = functional.scaled_dot_product_attention(queries, key, value, scale=scale)
        attended.copy_(block[..., :wanted])
    return output


def to_windows(maps: Tensor, splits: int, shift: tuple[int, int]) -> Tensor:
    """Maps (n, h, w, c), rolled up and left by ``shift`` (rows, columns), as windows (n, splits^2, h w / splits^2, c)."""
    count, height, width, channels = maps.shape
    rolled = maps.roll((-shift[0], -shift[1]), (1, 2)) if any(shift) else maps
    grid = rolled.reshape(count, splits, height // splits, splits, width // splits, channels)
    return grid.transpose(2, 3).reshape(count, splits**2, -1, channels)


def from_windows(windows: Tensor, size: tuple[int, int], splits: int, shift: tuple[int, int]) -> Tensor:
    """The maps (n, h, w, c) of ``size`` (h, w) from which to_windows() made these windows."""
    (height, width), (count, channels) = size, (windows.shape[0], windows.shape[-1])
    grid = windows.reshape(count, splits, splits, height // splits, width // splits, channels)
    maps = grid.transpose(2, 3).reshape(count, height, width, channels)
    return maps.roll(shift, (1, 2)) if any(shift) else maps


def region_channels(size: tuple[int, int], splits: int, shift: tuple[int, int], like: Tensor) -> tuple[Tensor, Tensor]:
    """Channels to append to queries and to keys, both (1, splits^2, h w / splits^2, 4), which mask shifted windows.

    The product of two tokens' channels is OTHER_REGION where they lie on different sides of the seam at which the shift joins
    opposite borders of a map of ``size`` (h, w), and exactly 0 elsewhere. The mask needs no matrix of tokens x tokens.
    """
    rows = torch.arange(size[0], device=like.device) >= size[0] - shift[0]
    columns = torch.arange(size[1], device=like.device) >= size[1] - shift[1]
    regions = 2 * rows.long()[:, None] + columns.long()
    keys = functional.one_hot(to_windows(regions[None, ..., None], splits, (0, 0))[..., 0], 4).to(like.dtype)
    return OTHER_REGION * (1 - keys), keys


def sine_positions(maps: Tensor, splits: int) -> Tensor:
    """Sinusoidal encoding of each pixel's place in its window: (1, c, h, w) for ``maps`` (n, c, h, w).

    The first half of the channels encodes the row, the second half the column. Source: DETR's encoding as in haofeixu/gmflow.

    Args:
        maps: the features it will be added to.
        splits: the maps consist of splits x splits windows.
    """
    _, channels, height, width = maps.shape
    half = channels // 2
    index = torch.arange(half, dtype=torch.float32, device=maps.device)
    frequencies = TEMPERATURE ** (2 * (index // 2) / half)
    rows, columns = (_sinusoids(side // splits, frequencies) for side in (height, width))
    window = torch.cat([rows[:, :, None].expand(-1, -1, columns.shape[1]), columns[:, None, :].expand(-1, rows.shape[1], -1)])
    return window.repeat(1, splits, splits)[None].contiguous(memory_format=torch.channels_last)


def _sinusoids(side: int, frequencies: Tensor) -> Tensor:
    """(channels, side): sines in the even channels, cosines in the odd ones."""
    places = torch.arange(1, side + 1, dtype=torch.float32, device=frequencies.device) / (side + EPSILON) * (2 * math.pi)
    angles = places / frequencies[:, None]
    return torch.stack([angles[0::2].sin(), angles[1::2].cos()], dim=1).flatten(0, 1)


def _fed_forward(network: nn.Module, source: Tensor, message: Tensor) -> Tensor:
    output = source.new_empty(source.shape)
    blocks = (torch.split(tokens.flatten(0, 2), TOKENS_AT_ONCE) for tokens in (source, message, output))
    for part, taken, fed in zip(*blocks, strict=True):
        fed.copy_(network(torch.cat([part, taken], dim=-1)))
    return output


def _with_channels(tokens: Tensor, channels: Tensor) -> Tensor:
    return torch.cat([tokens, channels.expand(len(tokens), -1, -1, -1)], dim=-1)
