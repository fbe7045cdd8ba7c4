"""From features of two images to a flow: matching, propagation, UniMatch's refinement, and convex upsampling.

Maps are (n, c, h, w); flows are (n, 2, h, w) in pixels of that map, channel 0 pointing right.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.gmflow.transformer import attend
from mgld_bench.networks.layers.optical_flow import pixel_positions
from mgld_bench.networks.raft.correlation import Correlation
from mgld_bench.networks.raft.update import FlowHead, MotionEncoder, SeparableGRU

OUTSIDE = -1e9
"""The score of a match outside the image."""
RADIUS = 4
"""Of the window in which the refinement correlates features."""
HIDDEN_CHANNELS = 128
"""Channels of the refinement's hidden state, and of its context."""


def match_globally(feature0: Tensor, feature1: Tensor, block_bytes: int) -> Tensor:
    """The flow to the mean of all positions in the second image, weighted by the softmax of their correlation.

    Args:
        feature0: features of the first image, (n, c, h, w).
        feature1: features of the second image.
        block_bytes: as of attend().
    """
    grid = _positions(feature0)
    matched = attend(_tokens(feature0), _tokens(feature1), _tokens(grid), block_bytes)
    return _maps(matched, grid) - grid


def match_locally(feature0: Tensor, feature1: Tensor, radius: int) -> Tensor:
    """The same as match_globally() over the (2 radius + 1)^2 positions around each pixel that lie in the image.

    Args:
        feature0: features of the first image, (n, c, h, w).
        feature1: features of the second image.
        radius: of the window, in pixels.
    """
    grid = _positions(feature0)
    window = _window(radius, like=grid)
    ends = grid[:, :, None] + window[None, :, :, None, None]
    limits = grid.amax((2, 3), keepdim=True)[:, :, None]
    inside = ((ends >= 0) & (ends <= limits)).all(1)
    scores = correlate_locally(feature0, feature1, grid, radius).masked_fill_(~inside, OUTSIDE)
    return torch.einsum("nkhw,ck->nchw", scores.softmax(1), window)


def correlate_locally(feature0: Tensor, feature1: Tensor, centres: Tensor, radius: int) -> Tensor:
    """Dot products, divided by sqrt(c), of each pixel's feature with the features around a centre in the second image.

    Args:
        feature0: (n, c, h, w).
        feature1: (n, c, h, w), sampled bilinearly, zero outside.
        centres: x and y of the middle of each pixel's window, (n, 2, h, w).
        radius: of the window, in pixels.

    Returns:
        (n, (2 radius + 1)^2, h, w), the x offset varying fastest.
    """
    side = 2 * radius + 1
    windows = Correlation(feature0, feature1, levels=1, radius=radius, budget=0).look_up(centres)
    count, _, height, width = windows.shape
    return windows.reshape(count, side, side, height, width).transpose(1, 2).flatten(1, 2)


class FlowPropagation(nn.Module):
    """Each pixel takes the flow of pixels that look like it: attention within one image, with the flow as the value.

    Args:
        channels: of the features.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.q_proj = nn.Linear(channels, channels)
        self.k_proj = nn.Linear(channels, channels)

    def forward(self, feature: Tensor, flow: Tensor, radius: int, block_bytes: int) -> Tensor:
        """The propagated flow.

        The global form makes its keys from the projected queries, the local one from the features, and there neighbours outside
        the map count as pixels with flow 0 and score 0. Both are as in the authors' code, which the weights rely on.

        Args:
            feature: of the image that the flow starts from, (n, c, h, w).
            flow: (n, 2, h, w).
            radius: attention to (2 radius + 1)^2 neighbours; 0 or less: to the whole map.
            block_bytes: as of attend().
        """
        query = self.q_proj(feature.permute(0, 2, 3, 1))
        if radius <= 0:
            query, key = query.flatten(1, 2)[:, None], self.k_proj(query).flatten(1, 2)[:, None]
            return _maps(attend(query, key, _tokens(flow), block_bytes), flow)
        key = self.k_proj(feature.permute(0, 2, 3, 1))
        query, key = (maps.permute(0, 3, 1, 2) for maps in (query, key))
        weights = correlate_locally(query, key, _positions(flow), radius).softmax(1)
        neighbours = functional.unfold(flow, 2 * radius + 1, padding=radius).view(len(flow), 2, -1, *flow.shape[2:])
        return (weights[:, None] * neighbours).sum(2)


class Refinement(nn.Module):
    """UniMatch's local regression refinement: RAFT's update block, guided by features of the backbone.

    Names as in autonomousvision/unimatch (unimatch/reg_refine.py, BasicUpdateBlock).

    Args:
        upsample_factor: from the last scale to the size of the images.
    """

    def __init__(self, upsample_factor: int) -> None:
        super().__init__()
        self.encoder = MotionEncoder((2 * RADIUS + 1) ** 2)
        self.gru = SeparableGRU(HIDDEN_CHANNELS, 2 * HIDDEN_CHANNELS)
        self.flow_head = FlowHead(HIDDEN_CHANNELS)
        self.mask = nn.Sequential(
            nn.Conv2d(HIDDEN_CHANNELS, 256, 3, padding=1), nn.ReLU(inplace=True), nn.Conv2d(256, 9 * upsample_factor**2, 1)
        )

    def forward(
        self, feature0: Tensor, feature1: Tensor, projected: Tensor, flow: Tensor, iterations: int
    ) -> tuple[Tensor, Tensor]:
        """The refined flow, and what upsample_convex() needs to enlarge it.

        Every iteration starts from the same hidden state: the authors' code does not carry it over, and their weights rely on
        that.

        Args:
            feature0: backbone features of the first image, (n, c, h, w).
            feature1: backbone features of the second image.
            projected: hidden state and context before their activations, (n, 256, h, w).
            flow: the flow so far, (n, 2, h, w).
            iterations: number of corrections.

        Returns:
            The flow (n, 2, h, w) and logits (n, 9 * factor^2, h, w).
        """
        hidden, context = torch.split(projected, HIDDEN_CHANNELS, dim=1)
        hidden, context = torch.tanh(hidden), torch.relu(context)
        grid = _positions(flow)
        state = hidden
        for _ in range(iterations):
            correlations = correlate_locally(feature0, feature1, grid + flow, RADIUS)
            motion = self.encoder(flow, correlations.contiguous(memory_format=torch.channels_last))
            state = self.gru(hidden, torch.cat([context, motion], dim=1))
            flow = flow + self.flow_head(state)
        return flow, self.mask(state)


def upsample_convex(flow: Tensor, logits: Tensor, factor: int) -> Tensor:
    """A flow at ``factor`` times the size, in pixels of that size: each pixel a weighted mean of its 3x3 neighbours.

    Neighbours outside the map have flow 0. Source: upsample_flow of haofeixu/gmflow.

    Args:
        flow: (n, 2, h, w).
        logits: (n, 9 * factor^2, h, w): neighbour, then row and column in the block; softmax over the neighbours.
        factor: of the enlargement.

    Returns:
        (n, 2, factor * h, factor * w).
    """
    count, _, height, width = flow.shape
    weights = logits.permute(0, 2, 3, 1).reshape(count, height, width, 9, factor**2).softmax(3)
    neighbours = functional.unfold(factor * flow, 3, padding=1).view(count, 2, 9, height, width).permute(0, 3, 4, 1, 2)
    blocks = flow.new_zeros(count, height, width, 2, factor**2)
    for neighbour in range(9):
        blocks.addcmul_(neighbours[..., neighbour, None], weights[..., None, neighbour, :])
    return (
        blocks.view(count, height, width, 2, factor, factor)
        .permute(0, 3, 1, 4, 2, 5)
        .reshape(count, 2, height * factor, width * factor)
    )


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


def _positions(maps: Tensor) -> Tensor:
    """Each pixel's x and y, (n, 2, h, w), for maps (n, ., h, w)."""
    return pixel_positions(maps).expand(len(maps), -1, -1, -1)
