"""The discrete Laplace equation on a rectangle, solved exactly."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def fill_harmonically(planes: Tensor) -> Tensor:
    """``planes`` (..., h, w), sides of 3 or more, inside of whose border each pixel becomes the mean of its four neighbours.

    Sine transforms of type 1 make the equation diagonal. In the type of ``planes``: float64, where accuracy matters.
    """
    border = planes.clone()
    border[..., 1:-1, 1:-1] = 0
    neighbours = border[..., :-2, 1:-1] + border[..., 2:, 1:-1] + border[..., 1:-1, :-2] + border[..., 1:-1, 2:]
    rows, columns = neighbours.shape[-2:]
    transformed = _sine_transform(_sine_transform(neighbours).mT).mT
    transformed = transformed / (_eigenvalues(rows, planes)[:, None] + _eigenvalues(columns, planes)[None, :])
    # The transform is its own inverse up to a factor (size + 1) / 2.
    inside = _sine_transform(_sine_transform(transformed).mT).mT * (4 / ((rows + 1) * (columns + 1)))
    border[..., 1:-1, 1:-1] = inside
    return border


def _sine_transform(values: Tensor) -> Tensor:
    """X_k = sum over n of x_n sin(pi (n + 1) (k + 1) / (size + 1)) along the last axis."""
    zero = torch.zeros_like(values[..., :1])
    odd = torch.cat([zero, values, zero, -values.flip(-1)], dim=-1)
    spectrum: Tensor = torch.fft.rfft(odd)
    return -0.5 * spectrum.imag[..., 1:-1]


def _eigenvalues(size: int, like: Tensor) -> Tensor:
    """(size,): what the sine of each frequency is multiplied by in 2 x_n - x_(n-1) - x_(n+1)."""
    numbers = torch.arange(1, size + 1, dtype=like.dtype, device=like.device)
    return 2 - 2 * torch.cos(math.pi * numbers / (size + 1))
