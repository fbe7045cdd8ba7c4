"""Backward warping by an optical flow, and where two flows contradict each other."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


def warp(image: Tensor, flow: Tensor, padding: Literal["zeros", "border"] = "zeros") -> Tensor:
    """``image`` (n, c, h, w) sampled bilinearly at every pixel's position plus ``flow`` (n, 2, h, w); channel 0 points right.

    padding: what lies outside of the image: zeros (each of the four neighbours by itself), or its nearest pixel. A flow from
    frame a to frame b carries frame b onto the grid of a.
    """
    height, width = flow.shape[-2:]
    x, y = _positions(flow).unbind(1)
    # Numbers, not a tensor of them: that would have to be copied to a GPU, which would first finish all it has to do.
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], dim=-1)
    warped: Tensor = functional.grid_sample(image, grid, mode="bilinear", padding_mode=padding, align_corners=True)
    return warped


def inside(flow: Tensor) -> Tensor:
    """(n, h, w) bool: whether the pixel that ``flow`` (n, 2, h, w) points at lies in the image, borders included."""
    height, width = flow.shape[-2:]
    x, y = _positions(flow).unbind(1)
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def inconsistent(flow: Tensor, back: Tensor, alpha: float = 0.01, beta: float = 0.5) -> Tensor:
    """(n, h, w) bool, on the grid of ``flow``: pixels that ``back`` does not bring back to where they came from (occlusions).

    |flow + warp(back, flow)| > alpha (|flow| + |back|) + beta, Euclidean norms, as GMFlow's check: ``back`` is not warped in the
    threshold. Both (n, 2, h, w), pixels.
    """
    returned: Tensor = torch.linalg.vector_norm(flow + warp(back, flow), dim=1)
    lengths: Tensor = torch.linalg.vector_norm(flow, dim=1) + torch.linalg.vector_norm(back, dim=1)
    return returned > alpha * lengths + beta


def _positions(flow: Tensor) -> Tensor:
    """Where each pixel's flow ends: (n, 2, h, w), x then y."""
    height, width = flow.shape[-2:]
    rows = torch.arange(height, dtype=flow.dtype, device=flow.device)
    columns = torch.arange(width, dtype=flow.dtype, device=flow.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y]) + flow
