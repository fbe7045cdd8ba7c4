"""The local regression refinement of UniMatch: RAFT's update block, led by features of the backbone."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgld_bench.networks.gmflow.matching import correlate_locally, positions
from mgld_bench.networks.raft.update import FlowHead, MotionEncoder, SeparableGRU

RADIUS = 4
"""Of the window in which features are correlated."""
HIDDEN_CHANNELS = 128
"""Channels of the hidden state, and of the context."""


class Refinement(nn.Module):
    """Repeated small corrections of a flow. Names as in autonomousvision/unimatch (unimatch/reg_refine.py, BasicUpdateBlock)."""

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
        """The corrected ``flow`` (n, 2, h, w), and the logits (n, 9 * factor^2, h, w) for upsample_convex().

        feature0, feature1: of the backbone, (n, c, h, w). projected (n, 256, h, w): hidden state and context. Every iteration
        starts from the same hidden state: the authors' code does not carry it over, and their weights rely on that.
        """
        hidden, context = torch.split(projected, HIDDEN_CHANNELS, dim=1)
        hidden, context = torch.tanh(hidden), torch.relu(context)
        grid = positions(flow)
        state = hidden
        for _ in range(iterations):
            correlations = correlate_locally(feature0, feature1, grid + flow, RADIUS)
            motion = self.encoder(flow, correlations.contiguous(memory_format=torch.channels_last))
            state = self.gru(hidden, torch.cat([context, motion], dim=1))
            flow = flow + self.flow_head(state)
        return flow, self.mask(state)
