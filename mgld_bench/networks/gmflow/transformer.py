"""The transformer of GMFlow and UniMatch: features of two images learn of each other in (shifted) windows."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgld_bench.networks.gmflow.attention import attend, from_windows, region_channels, to_windows

TOKENS_AT_ONCE = 4096
"""Of a feed-forward network, whose hidden layer is the widest of all tensors. Far smaller blocks are no faster on one core, and
five times slower on cores that other processes use too, since the threads wait for each other at every step."""


class Transformer(nn.Module):
    """Blocks of self attention, cross attention and a feed-forward network; every second block shifts its windows."""

    def __init__(self, channels: int, blocks: int, expansion: int) -> None:
        super().__init__()
        self.layers = nn.ModuleList(TransformerBlock(channels, expansion) for _ in range(blocks))

    def forward(self, feature0: Tensor, feature1: Tensor, splits: int, block_bytes: int) -> tuple[Tensor, Tensor]:
        """Features (n, c, h, w) of both images, positions added, to features as large.

        The map is cut into ``splits`` x ``splits`` windows; 1: attention over the whole map, and no shift.
        """
        count, _, height, width = feature0.shape
        both = torch.cat([feature0, feature1]).permute(0, 2, 3, 1)
        half = (height // splits // 2, width // splits // 2)
        regions = region_channels((height, width), splits, half, like=both)
        for index, block in enumerate(self.layers):
            shifts = splits > 1 and index % 2 == 1
            shift = half if shifts else (0, 0)
            # One name for maps and windows: each is freed as soon as the next is made.
            both = to_windows(both, splits, shift)
            both = block(both, regions if shifts else None, block_bytes)
            both = from_windows(both, (height, width), splits, shift)
        out = both.permute(0, 3, 1, 2)
        return out[:count], out[count:]


class TransformerBlock(nn.Module):
    """Self attention, then cross attention with a feed-forward network."""

    def __init__(self, channels: int, expansion: int) -> None:
        super().__init__()
        self.self_attn = AttentionLayer(channels)
        self.cross_attn_ffn = AttentionLayer(channels, expansion)

    def forward(self, windows: Tensor, regions: tuple[Tensor, Tensor] | None, block_bytes: int) -> Tensor:
        """Windows (2 n, windows, tokens, c), the first images' before the second images'.

        Cross attention looks at the other image as it was before this block, without this block's self attention, as the
        authors' weights were trained.
        """
        own = self.self_attn(windows, windows, regions, block_bytes)
        attended: Tensor = self.cross_attn_ffn(own, windows.roll(len(windows) // 2, 0), regions, block_bytes)
        return attended


class AttentionLayer(nn.Module):
    """Attention with one head, normalised after the branch; with a feed-forward network where an expansion is given."""

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
        """``source`` (m, windows, tokens, c) plus what it takes from ``target``, as large."""
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


def _fed_forward(network: nn.Module, source: Tensor, message: Tensor) -> Tensor:
    output = source.new_empty(source.shape)
    blocks = (torch.split(tokens.flatten(0, 2), TOKENS_AT_ONCE) for tokens in (source, message, output))
    for part, told, fed in zip(*blocks, strict=True):
        fed.copy_(network(torch.cat([part, told], dim=-1)))
    return output


def _with_channels(tokens: Tensor, channels: Tensor) -> Tensor:
    return torch.cat([tokens, channels.expand(len(tokens), -1, -1, -1)], dim=-1)
