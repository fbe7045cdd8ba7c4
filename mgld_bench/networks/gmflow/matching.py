"""How GMFlow and UniMatch turn features of two images into a flow, and spread a flow by the likeness of features.

Maps are (n, c, h, w); flows (n, 2, h, w) in pixels of that map, channel 0 pointing right.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.gmflow.attention import attend
from mgld_bench.networks.raft.correlation import Correlation

OUTSIDE = -1e9
"""The score of a match outside of the image."""


def match_globally(feature0: Tensor, feature1: Tensor, block_bytes: int) -> Tensor:
    """The flow to the mean position of all positions of the second image, weighted by the softmax of their correlation."""
    grid = positions(feature0)
    matched = attend(_tokens(feature0), _tokens(feature1), _tokens(grid), block_bytes)
    return _maps(matched, grid) - grid


def match_locally(feature0: Tensor, feature1: Tensor, radius: int) -> Tensor:
    """The same over the (2 radius + 1)^2 positions around each pixel only, as far as they lie in the image."""
    grid = positions(feature0)
    window = _window(radius, like=grid)
    ends = grid[:, :, None] + window[None, :, :, None, None]
    limits = grid.amax((2, 3), keepdim=True)[:, :, None]
    inside = ((ends >= 0) & (ends <= limits)).all(1)
    scores = correlate_locally(feature0, feature1, grid, radius).masked_fill_(~inside, OUTSIDE)
    return torch.einsum("nkhw,ck->nchw", scores.softmax(1), window)


def correlate_locally(feature0: Tensor, feature1: Tensor, centres: Tensor, radius: int) -> Tensor:
    """Dot products divided by sqrt(c) of each pixel with (2 radius + 1)^2 positions around its ``centres`` (n, 2, h, w; x, y).

    Bilinear, zeros outside of the image. (n, (2 radius + 1)^2, h, w), the x offset varying fastest.
    """
    side = 2 * radius + 1
    windows = Correlation(feature0, feature1, levels=1, radius=radius, budget=0).look_up(centres)
    count, _, height, width = windows.shape
    return windows.reshape(count, side, side, height, width).transpose(1, 2).flatten(1, 2)


class FlowPropagation(nn.Module):
    """Every pixel takes the flow of pixels that look like it: attention within one image, with the flow as the value."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(channels, channels)
        self.k_proj = nn.Linear(channels, channels)

    def forward(self, feature: Tensor, flow: Tensor, radius: int, block_bytes: int) -> Tensor:
        """The flow, spread over the whole map (``radius`` <= 0) or to (2 radius + 1)^2 neighbours.

        The global form makes its keys from the projected queries, the local one from the features; neighbours outside of the map
        count as pixels with flow 0 and score 0. All as in the authors' code, which the weights rely on.
        """
        query = self.q_proj(feature.permute(0, 2, 3, 1))
        if radius <= 0:
            query, key = query.flatten(1, 2)[:, None], self.k_proj(query).flatten(1, 2)[:, None]
            return _maps(attend(query, key, _tokens(flow), block_bytes), flow)
        key = self.k_proj(feature.permute(0, 2, 3, 1))
        query, key = (maps.permute(0, 3, 1, 2) for maps in (query, key))
        weights = correlate_locally(query, key, positions(flow), radius).softmax(1)
        neighbours = functional.unfold(flow, 2 * radius + 1, padding=radius).view(len(flow), 2, -1, *flow.shape[2:])
        return (weights[:, None] * neighbours).sum(2)


def positions(maps: Tensor) -> Tensor:
    """Each pixel's x and y, (n, 2, h, w), for maps (n, ., h, w)."""
    count, _, height, width = maps.shape
    rows = torch.arange(height, dtype=maps.dtype, device=maps.device)
    columns = torch.arange(width, dtype=maps.dtype, device=maps.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y]).expand(count, -1, -1, -1)


def _window(radius: int, like: Tensor) -> Tensor:
    """The offsets x, y of a window, (2, (2 radius + 1)^2), x varying fastest."""
    offsets = torch.arange(-radius, radius + 1, dtype=like.dtype, device=like.device)
    y, x = torch.meshgrid(offsets, offsets, indexing="ij")
    return torch.stack([x, y]).flatten(1)


def _tokens(maps: Tensor) -> Tensor:
    """Maps (n, c, h, w) as tokens (n, 1, h w, c)."""
    return maps.permute(0, 2, 3, 1).flatten(1, 2)[:, None]


def _maps(tokens: Tensor, like: Tensor) -> Tensor:
    """Tokens (n, 1, h w, c) as maps (n, c, h, w) of the size of ``like``."""
    return tokens[:, 0].transpose(1, 2).reshape(like.shape)
