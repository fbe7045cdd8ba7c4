"""Frames that go on smoothly from their right border to their left one, and from the bottom to the top."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.dbvsr.laplace_equation import fill_harmonically


def extend_periodically(frames: Tensor, scale: int) -> Tensor:
    """``frames`` (n, 3, h, w) with rows appended below and columns on the right that lead back to the opposite border.

    Liu and Jia, Reducing boundary artifacts in image deconvolution, ICIP 2008, on the enlarged grid; of the result every
    ``scale``-th pixel is returned, (n, 3, H, W) with H = 2 * ceil(h / 2 + 2) for scale 4, and W likewise. In float64; what is
    appended is rounded to float32, and all is in the frames' type. Source: code/model/utils_fft.py of csbhr/Deep-Blind-VSR (MIT).
    """
    height, width = frames.shape[-2:]
    enlarged = enlarge_mixed(frames, scale).double()
    rows, columns = (_periodic_size(side) - side for side in enlarged.shape[-2:])
    below = _bridge(enlarged, rows)
    right = _bridge(enlarged.mT, columns).mT
    corner = _corner(below, right)
    top = torch.cat([enlarged, right[..., 1:-1]], dim=-1)
    # Quirk of the authors, kept: what goes below begins with a copy of the frame's last row and lacks its own last row.
    bottom = torch.cat([below[..., :-2, :], corner[..., 1:-1, 1:-1]], dim=-1)
    extended = torch.cat([top, bottom], dim=-2)[..., ::scale, ::scale].float().to(frames.dtype)
    extended[..., :height, :width] = frames
    return extended


def enlarge_mixed(frames: Tensor, scale: int) -> Tensor:
    """(n, 3, scale * h, scale * w): each pixel of ``frames`` (n, 3, h, w) repeated, with its colours in turn.

    Quirk of the authors, kept: they mean nearest neighbour, but repeat the colours in the wrong order before a pixel shuffle.
    Only the border, from which the extension starts, is used of it.
    """
    return functional.pixel_shuffle(frames.repeat(1, scale**2, 1, 1), scale)


def _periodic_size(side: int) -> int:
    """The next size beyond ``side`` that leaves 16 pixels or more and is a multiple of 8."""
    return 8 * math.ceil(side / 8 + 2)


def _bridge(frames: Tensor, rows: int) -> Tensor:
    """(..., rows + 2, w): harmonic between the last row of ``frames`` (..., h, w), its first, and the first again, its last."""
    bridge = frames.new_zeros(*frames.shape[:-2], rows + 2, frames.shape[-1])
    bridge[..., 0, :], bridge[..., -1, :] = frames[..., -1, :], frames[..., 0, :]
    share = torch.linspace(0, 1, rows, dtype=frames.dtype, device=frames.device)
    for column in (0, -1):
        begin, end = bridge[..., :1, column], bridge[..., -1:, column]
        bridge[..., 1:-1, column] = begin * (1 - share) + end * share
    return fill_harmonically(bridge)


def _corner(below: Tensor, right: Tensor) -> Tensor:
    """What joins the parts ``below`` and on the ``right`` of the frame, harmonic, with a border of theirs around."""
    corner = below.new_zeros(*below.shape[:-1], right.shape[-1])
    corner[..., 0, :], corner[..., -1, :] = right[..., -1, :], right[..., 0, :]
    corner[..., :, 0], corner[..., :, -1] = below[..., :, -1], below[..., :, 0]
    return fill_harmonically(corner)
