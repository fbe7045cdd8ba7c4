"""Warping errors between neighbouring frames, given the optical flow between them.

Everywhere: ``previous`` and ``frame`` (n, 3, h, w) float32 RGB 0..255, the frames i and i + 1 of n pairs; ``backward``
(n, 2, h, w) the flow from frame i + 1 to frame i, ``forward`` that from i to i + 1, both in pixels, channel 0 pointing right. A
result is (n,) float64, one value per pair; sums are taken in float64, warped frames are neither rounded nor clamped.

Sources: MGLD-VSR, section 4.2 (the formula; its border, scale and masks are not stated, hence the variants); Lai et al., Learning
Blind Video Temporal Consistency, ECCV 2018 (github phoenix104104/fast_blind_video_consistency); EvalCrafter (github
evalcrafter/EvalCrafter, metrics/RAFT).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.layers.warping import inconsistent, inside, warp

_RGB = 3
_PEAK = 255.0
_BOUNDARY_SHARE, _BOUNDARY_FLOOR = 0.01, 0.002
_RETURN_SHARE, _RETURN_FLOOR = 0.01, 0.5


def l1_zeros(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    """The paper's error: mean |frame - warped previous| over all pixels and channels, zeros outside of the image."""
    difference = warp(previous, backward, "zeros").sub_(frame).abs_()
    return _sums(difference) / difference[0].numel()


def l1_border(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    """As l1_zeros, but what lies outside of the image is its nearest pixel."""
    difference = _border_difference(previous, frame, backward)
    return _sums(difference) / difference[0].numel()


def l1_valid(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    """As l1_border, over the pixels that the flow does not take out of the image; NaN where there are none."""
    return _mean_where(inside(backward), _border_difference(previous, frame, backward))


def l1_masked(
    previous: Tensor, frame: Tensor, backward: Tensor, forward: Tensor, alpha: float = 0.01, beta: float = 0.5
) -> Tensor:
    """As l1_valid, over the pixels that are not occluded by GMFlow's check (inconsistent()) either; NaN where there are none."""
    seen = inside(backward) & ~inconsistent(backward, forward, alpha, beta)
    return _mean_where(seen, _border_difference(previous, frame, backward))


def lai_seen(backward: Tensor, forward: Tensor) -> Tensor:
    """(n, h, w) bool, on the grid of frame i: the pixels that count by Lai et al., neither occluded nor at a motion boundary.

    Occluded: |f + w|^2 > 0.01 (|w|^2 + |f|^2) + 0.5, with f = ``forward`` and w = ``backward`` warped by it (border). At a motion
    boundary: the squared forward differences of f, summed over both components and directions, exceed 0.01 |f|^2 + 0.002.
    """
    returning = warp(backward, forward, "border")
    length = _squared_length(forward)
    occluded = _squared_length(forward + returning) > _RETURN_SHARE * (_squared_length(returning) + length) + _RETURN_FLOOR
    return ~(occluded | (_squared_gradient(forward) > _BOUNDARY_SHARE * length + _BOUNDARY_FLOOR))


def lai(previous: Tensor, frame: Tensor, backward: Tensor, forward: Tensor) -> Tensor:
    """E_warp of Lai et al.: mean squared difference of ``previous`` and the warped ``frame`` where lai_seen(), on the 0..1 scale.

    0 where no pixel counts, as the authors have it.
    """
    return evalcrafter(previous, frame, backward, forward) / (1000 * _RGB)


def evalcrafter(previous: Tensor, frame: Tensor, backward: Tensor, forward: Tensor) -> Tensor:
    """EvalCrafter's warping error times 1000: as lai(), but summed over the channels, not averaged (so 3000 times lai())."""
    seen = lai_seen(backward, forward)
    difference = warp(frame, forward, "border").sub_(previous).div_(_PEAK)
    total = _sums(difference.square_().mul_(seen[:, None]))
    return 1000 * total / seen.sum((1, 2)).clamp(min=1)


def _border_difference(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    return warp(previous, backward, "border").sub_(frame).abs_()


def _mean_where(counts: Tensor, difference: Tensor) -> Tensor:
    return _sums(difference.mul_(counts[:, None])) / (_RGB * counts.sum((1, 2)))


def _sums(values: Tensor) -> Tensor:
    return values.sum((1, 2, 3), dtype=torch.float64)


def _squared_length(flow: Tensor) -> Tensor:
    return flow.square().sum(1)


def _squared_gradient(flow: Tensor) -> Tensor:
    """Of both components, by forward differences that are 0 in the last column and row: (n, h, w)."""
    across = functional.pad(flow.diff(dim=3), (0, 1))
    down = functional.pad(flow.diff(dim=2), (0, 0, 0, 1))
    return _squared_length(across) + _squared_length(down)
