"""RVRT's guided deformable attention: features of two frames aligned to the next two, along optical flow plus learned offsets."""

from __future__ import annotations

import math
from collections import OrderedDict

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.blocks import MLP
from mgld_bench.networks.rvrt.blocks import FrameConvolution, as_frames, as_tokens
from mgld_bench.networks.sizes.rvrt import usual_sampled_bytes

_BEFORE, _BEHIND = 1, 2
"""Rows and columns of zeros around a frame, so that points clamped to its edge have four neighbours."""
_SOURCES = 2
_HIDDEN = 64
"""Channels of the network that computes the offsets."""


class GuidedDeformableAttention(nn.Module):
    """Each pixel attends to points of two frames around where the flow leads, at offsets that a small network computes.

    Features are tokens (n, 2 frames, h, w, channels). Source: GuidedDeformAttnPack in models/network_rvrt.py of JingyunLiang/RVRT
    (CC-BY-NC 4.0). ``conv_offset`` may stay in float32 while the rest is in half precision: offsets and points are in the dtype
    of the flows.

    Args:
        channels: of the features.
        groups: of channels, each with offsets of its own.
        heads: of the attention.
        window: rows and columns of points around a pixel, both odd.
        max_residue_magnitude: largest offset from the flow, in pixels.
        sampled_bytes: as of attend_to_points().
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
        super().__init__()
        self.groups, self.heads, self.window = groups, heads, window
        self.max_residue_magnitude = max_residue_magnitude
        self.sampled_bytes = sampled_bytes
        projected = 2 * channels
        # Numbers in names stand for rearrangements of the authors' code.
        self.proj_q = nn.Sequential(OrderedDict({"1": nn.Linear(channels, projected)}))
        self.proj_k = nn.Sequential(OrderedDict({"1": nn.Linear(channels, projected)}))
        self.proj_v = nn.Sequential(OrderedDict({"1": nn.Linear(channels, projected)}))
        self.mlp = nn.Sequential(OrderedDict({"1": MLP(channels, 2 * channels)}))
        self.conv_offset = nn.Sequential(
            FrameConvolution((1 + _SOURCES) * channels + 2 * _SOURCES, _HIDDEN, 1),
            nn.LeakyReLU(0.1),
            *(part for _ in range(4) for part in (FrameConvolution(_HIDDEN, _HIDDEN, 3), nn.LeakyReLU(0.1))),
            FrameConvolution(_HIDDEN, _SOURCES * groups * window[0] * window[1] * 2, 1),
        )
        self.proj = nn.Sequential(OrderedDict({"1": nn.Linear(projected, channels)}))

    def forward(self, query: Tensor, key: Tensor, value: Tensor, warped: Tensor, flows: Tensor) -> tuple[Tensor, Tensor]:
        """Aligned features, without a residual from query or value, and updated flows.

        Args:
            query: features of the current frames, (n, 2, h, w, c).
            key: features of the frames before, of the same shape.
            value: likewise.
            warped: ``value`` carried along each of the flows, (n, 2, h, w, 2c).
            flows: (n, 2, h, w, 2, 2) float32, from each current frame to the frame of the same index before (source 0) and to the
                other one (source 1), x then y.

        Returns:
            The features (n, 2, h, w, c), and flows of the shape of ``flows``: the mean of all points' offsets.
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


def attend_to_points(
    query: Tensor,
    keys_values: Tensor,
    offsets: Tensor,
    heads: int,
    window: tuple[int, int],
    sampled_bytes: int | None = None,
) -> Tensor:
    """For each pixel of two frames, values of two other frames at displaced points, weighted by how well their keys match.

    Source s of frame f is frame (f + s) mod 2 of the keys and values. Sampling is bilinear; neighbours outside the frame count as
    zero, and so does a point that is NaN. Kept from the authors: a group moves 2c / groups consecutive channels of keys and
    values together, so that the first half of the groups moves keys only and the second half values only; a key and its value
    generally lie at different places. A head is c / heads consecutive channels; its softmax is over all sources and positions.

    All sources, groups and positions are sampled at once, for as many pixels at a time as ``sampled_bytes`` allow. Points are
    computed in the dtype of ``offsets``, the rest in that of ``keys_values``. Works in place: not for training.

    Args:
        query: (n, 2, h, w, c).
        keys_values: (n, 2, h, w, 2c), the keys' channels first.
        offsets: (n, 2, h, w, 2 sources, groups, positions, 2), rows then columns in pixels, float32; the positions are those of
            ``window``, row by row, around the pixel.
        heads: of the attention.
        window: rows and columns of points, both odd.
        sampled_bytes: bytes of keys and values sampled at a time, at least one pixel's; None: usual_sampled_bytes().

    Returns:
        (n, 2, h, w, c).
    """
    batch, frames, height, width, channels = query.shape
    sources, groups, positions = offsets.shape[4:7]
    pixels = height * width
    # A row is a group of channels of a pixel, and a bag of four weighted rows a point between pixels. On a CPU that is twice as
    # fast as grid_sample(), for which the channels of a pixel lie far apart.
    table = _with_zeros_around(keys_values).view(-1, 2 * channels // groups)
    origins = _origins(offsets)
    queries = (query / math.sqrt(channels // heads)).reshape(batch * frames, pixels, 1, heads, -1)
    unmoved = _unmoved(offsets, window)
    moved = offsets.reshape(batch * frames, pixels, sources, groups, positions, 2).transpose(3, 4)
    attended = queries.new_empty(queries.shape)
    step = _pixels_at_a_time(keys_values, frames * batch * sources * positions, sampled_bytes)
    for first in range(0, pixels, step):
        chunk = slice(first, first + step)
        rows, weights = _neighbours(moved[:, chunk] + unmoved[chunk], origins, (height, width))
        sampled = functional.embedding_bag(rows, table, per_sample_weights=weights.to(table.dtype), mode="sum")
        sampled = sampled.view(batch * frames, -1, sources * positions, 2, heads, channels // heads)
        fit = sampled[:, :, :, 0].mul_(queries[:, chunk]).sum(-1).softmax(2)
        attended[:, chunk, 0] = sampled[:, :, :, 1].mul_(fit.unsqueeze(-1)).sum(2)
    return attended.view(query.shape)


def _pixels_at_a_time(keys_values: Tensor, points: int, sampled_bytes: int | None) -> int:
    """For how many pixels at once the keys and values of ``points`` points per pixel are sampled."""
    allowed = usual_sampled_bytes(keys_values.device.type) if sampled_bytes is None else sampled_bytes
    return max(1, allowed // (points * keys_values.shape[-1] * keys_values.element_size()))


def _with_zeros_around(keys_values: Tensor) -> Tensor:
    return functional.pad(keys_values, (0, 0, _BEFORE, _BEHIND, _BEFORE, _BEHIND))


def _origins(offsets: Tensor) -> Tensor:
    """The table row of a group of a source's first pixel: (frames of all clips, 1, sources, 1, groups) int32."""
    batch, frames, height, width, sources, groups = offsets.shape[:6]
    down = width + _BEFORE + _BEHIND
    frame = torch.arange(batch * frames, device=offsets.device).view(batch, frames)
    of_sources = torch.stack([frame.roll(-source, 1) for source in range(sources)], dim=-1).view(-1, 1, sources, 1, 1)
    pixel = of_sources * (height + _BEFORE + _BEHIND) * down + _BEFORE * (down + 1)
    return (pixel * groups + torch.arange(groups, device=offsets.device)).to(torch.int32)


def _unmoved(offsets: Tensor, window: tuple[int, int]) -> Tensor:
    """The points without offsets: (pixels, 1, positions, 1, 2), rows then columns."""
    height, width = offsets.shape[2:4]
    pixels = _grid(*(torch.arange(side, dtype=offsets.dtype, device=offsets.device) for side in (height, width)))
    around = _grid(*(torch.arange(side, dtype=offsets.dtype, device=offsets.device) - side // 2 for side in window))
    return pixels.view(-1, 1, 1, 1, 2) + around.view(1, -1, 1, 2)


def _grid(rows: Tensor, columns: Tensor) -> Tensor:
    return torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)


def _neighbours(points: Tensor, origins: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The four pixels around each of ``points`` (frames, pixels, sources, positions, groups, 2), rows then columns.

    Returns which rows of the table they are, (all points, 4) int32, and their weights in the type of ``points``. size: rows and
    columns of a frame.
    """
    # Unlike clamp(), these two let no NaN through, which would become an index outside the table.
    # Filled on the device: a tensor of numbers would be copied to a GPU, which waits for all of its queued work.
    ends = torch.stack([points.new_full((), side) for side in size])
    points = torch.fmin(torch.fmax(points, points.new_full((), -_BEFORE)), ends)
    corner = points.floor()
    y, x = (points - corner).unbind(-1)
    both = y * x
    weights = torch.stack([1 - y - x + both, x - both, y - both, both], dim=-1)
    groups = origins.shape[-1]
    down = (size[1] + _BEFORE + _BEHIND) * groups
    row, column = corner.to(torch.int32).unbind(-1)
    first = row * down + column * groups + origins
    rows = torch.stack([first, first + groups, first + down, first + (down + groups)], dim=-1)
    return rows.view(-1, 4), weights.view(-1, 4)
