"""RVRT's guided deformable attention: features of two frames aligned to the next two, along optical flow and what corrects it."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import Tensor, nn

from mgld_bench.networks.layers.perceptron import Perceptron
from mgld_bench.networks.rvrt.layout import FrameConvolution, as_frames, as_tokens
from mgld_bench.networks.rvrt.sampling import attend_to_points

_SOURCES = 2
_HIDDEN = 64
"""Channels of the network that finds the offsets."""


class GuidedDeformableAttention(nn.Module):
    """Each pixel attends to points of two frames, which lie around where the flow leads, at offsets that a small network finds.

    Features are tokens (n, 2 frames, h, w, channels). Source: GuidedDeformAttnPack in models/network_rvrt.py of
    JingyunLiang/RVRT (CC-BY-NC 4.0). ``conv_offset`` may stay in float32 while the rest is in half precision: offsets and points
    are in the type of the flows.
    """

    def __init__(
        self,
        channels: int,
        groups: int,
        heads: int,
        window: tuple[int, int],
        max_residue_magnitude: float,
        sampled_bytes: int | None = None,
    ) -> None:
        """groups: of channels, each with offsets of its own. heads: of the attention, over points of a ``window`` around a pixel.

        max_residue_magnitude: largest offset from the flow, in pixels. sampled_bytes: as of attend_to_points().
        """
        super().__init__()
        self.groups, self.heads, self.window = groups, heads, window
        self.max_residue_magnitude = max_residue_magnitude
        self.sampled_bytes = sampled_bytes
        projected = 2 * channels
        # Numbers in names stand for rearrangements of the authors' code.
        self.proj_q = nn.Sequential(OrderedDict({"1": nn.Linear(channels, projected)}))
        self.proj_k = nn.Sequential(OrderedDict({"1": nn.Linear(channels, projected)}))
        self.proj_v = nn.Sequential(OrderedDict({"1": nn.Linear(channels, projected)}))
        self.mlp = nn.Sequential(OrderedDict({"1": Perceptron(channels, 2 * channels)}))
        self.conv_offset = nn.Sequential(
            FrameConvolution((1 + _SOURCES) * channels + 2 * _SOURCES, _HIDDEN, 1),
            nn.LeakyReLU(0.1),
            *(part for _ in range(4) for part in (FrameConvolution(_HIDDEN, _HIDDEN, 3), nn.LeakyReLU(0.1))),
            FrameConvolution(_HIDDEN, _SOURCES * groups * window[0] * window[1] * 2, 1),
        )
        self.proj = nn.Sequential(OrderedDict({"1": nn.Linear(projected, channels)}))

    def forward(self, query: Tensor, key: Tensor, value: Tensor, warped: Tensor, flows: Tensor) -> tuple[Tensor, Tensor]:
        """Aligned features (n, 2, h, w, c), without a residual from query or value, and updated flows in the shape of ``flows``.

        query: features of the current frames; key, value: of the frames before, all (n, 2, h, w, c). flows: (n, 2, h, w, 2, 2)
        float32, from each current frame to the frame of the same index before (source 0) and to the other one (source 1), x then
        y. warped: (n, 2, h, w, 2c), ``value`` carried along by each of them. An updated flow is the mean of all points' offsets.
        """
        offsets = self._offsets(query, warped, flows)
        updated = offsets.mean((5, 6)).flip(-1)
        keys_values = torch.cat([self.proj_k(key), self.proj_v(value)], dim=-1)
        attended = attend_to_points(self.proj_q(query), keys_values, offsets, self.heads, self.window, self.sampled_bytes)
        aligned = self.proj(attended)
        return aligned + self.mlp(aligned), updated

    def _offsets(self, query: Tensor, warped: Tensor, flows: Tensor) -> Tensor:
        """(n, 2, h, w, 2 sources, groups, positions, 2) in pixels, rows then columns; the flow is part of them."""
        joined = torch.cat([query.to(flows.dtype), warped.to(flows.dtype), flows.flatten(-2)], dim=-1)
        found = as_tokens(self.conv_offset(as_frames(joined)), query.shape[0])
        residue = found.reshape(*flows.shape[:5], self.groups, -1, 2).tanh() * self.max_residue_magnitude
        return residue + flows.flip(-1)[..., None, None, :]
