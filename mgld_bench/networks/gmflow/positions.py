"""Where a token is, as numbers that are added to its features."""

from __future__ import annotations

import math

import torch
from torch import Tensor

TEMPERATURE = 10000
EPSILON = 1e-6


def sine_positions(maps: Tensor, splits: int) -> Tensor:
    """Sines and cosines of each pixel's place in its window, (1, c, h, w) for ``maps`` (n, c, h, w) in splits x splits windows.

    The first half of the channels tells the row, the second the column. Source: the encoding of DETR as in haofeixu/gmflow.
    """
    _, channels, height, width = maps.shape
    half = channels // 2
    index = torch.arange(half, dtype=torch.float32, device=maps.device)
    frequencies = TEMPERATURE ** (2 * (index // 2) / half)
    rows, columns = (_waves(side // splits, frequencies) for side in (height, width))
    window = torch.cat([rows[:, :, None].expand(-1, -1, columns.shape[1]), columns[:, None, :].expand(-1, rows.shape[1], -1)])
    return window.repeat(1, splits, splits)[None].contiguous(memory_format=torch.channels_last)


def _waves(side: int, frequencies: Tensor) -> Tensor:
    """(channels, side): sines in the even channels, cosines in the odd ones."""
    places = torch.arange(1, side + 1, dtype=torch.float32, device=frequencies.device) / (side + EPSILON) * (2 * math.pi)
    angles = places / frequencies[:, None]
    return torch.stack([angles[0::2].sin(), angles[1::2].cos()], dim=1).flatten(0, 1)
