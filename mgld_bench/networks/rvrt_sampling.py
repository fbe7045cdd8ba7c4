"""Attention of pixels to points of two frames, the points at any place between pixels: the core of RVRT's alignment."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

SAMPLED_BYTES = 2**26
"""Keys and values sampled at a time, by default."""


def attend_to_points(
    query: Tensor,
    keys_values: Tensor,
    offsets: Tensor,
    heads: int,
    window: tuple[int, int],
    sampled_bytes: int = SAMPLED_BYTES,
) -> Tensor:
    """For every pixel of two frames, values of two other frames at displaced points, weighted by how well their keys fit.

    query: (n, 2, h, w, c). keys_values: (n, 2, h, w, 2c), the keys' channels first. offsets: (n, 2, h, w, 2 sources, groups,
    positions, 2), rows then columns in pixels, float32; ``positions`` are those of ``window`` (rows, columns; both odd), row by
    row, around the pixel. Returns (n, 2, h, w, c).

    Source s of frame f is frame (f + s) mod 2 of the keys and values. Sampling is bilinear, each neighbour outside of the frame
    counts as zero. Kept: a group moves 2c / groups consecutive channels of keys and values together, so that the first half of
    the groups moves keys only and the second half values only: a key and its value lie at different places in general. A head
    is c / heads consecutive channels; its softmax is over all sources and positions.

    All sources, groups and positions are sampled at once, for as many pixels at a time as ``sampled_bytes`` (at least one)
    allow; points and weights are computed in the type of ``offsets``. Works in place: not for training.
    """
    batch, frames, height, width, channels = query.shape
    sources, groups, positions = offsets.shape[4:7]
    pixels = height * width
    pictures = torch.stack([keys_values, keys_values.flip(1)], dim=2).to(offsets.dtype)
    pictures = pictures.permute(0, 1, 2, 5, 3, 4).reshape(-1, 2 * channels // groups, height, width)
    points = _normalised_points(offsets, window)
    queries = (query.to(offsets.dtype) / math.sqrt(channels // heads)).permute(0, 1, 4, 2, 3)
    queries = queries.reshape(batch * frames, 1, heads, channels // heads, 1, pixels)
    attended = queries.new_empty(batch * frames, channels, pixels)
    step = max(1, sampled_bytes // (offsets.element_size() * batch * frames * sources * 2 * channels * positions))
    for first in range(0, pixels, step):
        chunk = slice(first, first + step)
        sampled = functional.grid_sample(pictures, points[:, :, chunk], padding_mode="zeros", align_corners=False)
        sampled = sampled.view(batch * frames, sources, 2, heads, channels // heads, positions, -1)
        weights = _softmax_over_points(sampled[:, :, 0].mul_(queries[..., chunk]).sum(3))
        attended[..., chunk] = sampled[:, :, 1].mul_(weights.unsqueeze(3)).sum((1, 4)).flatten(1, 2)
    tokens = attended.view(batch, frames, channels, height, width).permute(0, 1, 3, 4, 2)
    return tokens.to(query.dtype)


def _softmax_over_points(scores: Tensor) -> Tensor:
    """(frames, sources, heads, positions, pixels): softmax over sources and positions together."""
    frames, sources, heads, positions, pixels = scores.shape
    together = scores.transpose(1, 2).flatten(2, 3).softmax(dim=2)
    return together.view(frames, heads, sources, positions, pixels).transpose(1, 2)


def _normalised_points(offsets: Tensor, window: tuple[int, int]) -> Tensor:
    """``offsets`` of attend_to_points() as grid_sample() takes them without align_corners.

    (n * 2 frames * sources * groups, positions, pixels, 2), columns then rows, -1 and 1 at the outer edges of the border pixels.
    """
    height, width = offsets.shape[2:4]
    rows, columns = (torch.arange(side, dtype=offsets.dtype, device=offsets.device) for side in (height, width))
    pixels = torch.stack(torch.meshgrid(rows, columns, indexing="ij"), dim=-1)
    around = (torch.arange(side, dtype=offsets.dtype, device=offsets.device) - side // 2 for side in window)
    positions = torch.stack(torch.meshgrid(*around, indexing="ij"), dim=-1).flatten(0, 1)
    points = offsets + (pixels.view(height, width, 1, 1, 1, 2) + positions)
    size = offsets.new_tensor([height, width])
    points = points.mul_(2 / size).add_(1 / size - 1).flip(-1)
    return points.permute(0, 1, 4, 5, 6, 2, 3, 7).reshape(-1, positions.shape[0], height * width, 2)
