"""Warping errors and their relatives: what is left between two neighbouring frames once optical flow has aligned them.

Everywhere: ``previous`` and ``frame`` (n, 3, h, w) float32 RGB, the frames i and i + 1 of n pairs; ``backward`` (n, 2, h, w) the
flow from frame i + 1 to frame i and ``forward`` that from i to i + 1, both in pixels, channel 0 pointing right. A result is (n,)
float64, one value per pair; sums are taken in float64, and warped frames are neither rounded nor clamped. Nothing that is given
is changed.

The warping errors take frames in 0..255; structure_weighted_consistency() and its parts take them in -1..1.

Sources:

- MGLD-VSR, section 4.2 (the formula of its warping error; border, scale and masks are not stated, hence the variants);
  equation 5 and the configuration of the sequence decoder in IanYeung/MGLD-VSR (structure-weighted consistency)
- Lai et al., Learning Blind Video Temporal Consistency, ECCV 2018 (github phoenix104104/fast_blind_video_consistency)
- EvalCrafter (github evalcrafter/EvalCrafter, metrics/RAFT)
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.layers.optical_flow import inconsistent, inside, warp

STRUCTURE_WEIGHT = 3.0
"""How much more an edge counts in the structure-weighted consistency."""
OCCLUSION_ALPHA, OCCLUSION_BETA = 0.01, 0.5
"""Limits of GMFlow's forward-backward check; see inconsistent()."""
SOBEL_EPSILON = 1e-6
"""Under the square root, where the training needs a gradient."""
_RGB = 3
_PEAK = 255.0
_BOUNDARY_SHARE, _BOUNDARY_FLOOR = 0.01, 0.002
_RETURN_SHARE, _RETURN_FLOOR = 0.01, 0.5


def l1_zeros(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    """The paper's error: mean |frame - warped previous| over all pixels and channels, with zeros outside the image."""
    difference = warp(previous, backward, "zeros").sub_(frame).abs_()
    return _sums(difference) / difference[0].numel()


def l1_border(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    """As l1_zeros(), but the nearest pixel stands for what lies outside the image."""
    difference = _border_difference(previous, frame, backward)
    return _sums(difference) / difference[0].numel()


def l1_valid(previous: Tensor, frame: Tensor, backward: Tensor) -> Tensor:
    """As l1_border(), over the pixels whose flow stays inside the image; NaN where there are none."""
    return _mean_where(inside(backward), _border_difference(previous, frame, backward))


def l1_masked(
    previous: Tensor,
    frame: Tensor,
    backward: Tensor,
    forward: Tensor,
    alpha: float = OCCLUSION_ALPHA,
    beta: float = OCCLUSION_BETA,
) -> Tensor:
    """As l1_valid(), without the pixels that GMFlow's check finds occluded (alpha, beta: see inconsistent()); NaN without any."""
    visible = inside(backward) & ~inconsistent(backward, forward, alpha, beta)
    return _mean_where(visible, _border_difference(previous, frame, backward))


def lai_visible(backward: Tensor, forward: Tensor) -> Tensor:
    """The pixels of frame i that count for Lai et al.: neither occluded nor at a motion boundary.

    Occluded: |f + w|^2 > 0.01 (|w|^2 + |f|^2) + 0.5, with f = ``forward`` and w = ``backward`` warped by it (border). At a motion
    boundary: the squared forward differences of f, summed over both components and directions, exceed 0.01 |f|^2 + 0.002.

    Returns:
        (n, h, w) bool.
    """
    returning = warp(backward, forward, "border")
    length = _squared_length(forward)
    occluded = _squared_length(forward + returning) > _RETURN_SHARE * (_squared_length(returning) + length) + _RETURN_FLOOR
    return ~(occluded | (_squared_gradient(forward) > _BOUNDARY_SHARE * length + _BOUNDARY_FLOOR))


def lai(previous: Tensor, frame: Tensor, backward: Tensor, forward: Tensor) -> Tensor:
    """E_warp of Lai et al.: mean squared difference of ``previous`` and the warped ``frame`` where lai_visible(), in 0..1.

    0 where no pixel counts, as in the authors' code.
    """
    return evalcrafter(previous, frame, backward, forward) / (1000 * _RGB)


def evalcrafter(previous: Tensor, frame: Tensor, backward: Tensor, forward: Tensor) -> Tensor:
    """EvalCrafter's warping error times 1000: lai() summed over the channels, not averaged (so 3000 times lai())."""
    visible = lai_visible(backward, forward)
    difference = warp(frame, forward, "border").sub_(previous).div_(_PEAK)
    total = _sums(difference.square_().mul_(visible[:, None]))
    return 1000 * total / visible.sum((1, 2)).clamp(min=1)


def structure_weighted_consistency(
    previous: Tensor, frame: Tensor, true_previous: Tensor, true_frame: Tensor, backward: Tensor, forward: Tensor
) -> tuple[Tensor, Tensor]:
    """Equation 5 of MGLD-VSR, weighted by visible_structure(); the paper's value is the sum of both halves over all pairs.

    It follows the formula, with means in place of the norms. The authors' code differs: it warps each frame with the flow of the
    neighbouring pair and compares the first frame of each direction with black.

    ``true_previous`` and ``true_frame`` are the same frames of the ground truth, and the flow is the ground truth's too.

    Returns:
        The half of the previous frame warped onto the frame, and that of the frame warped onto the previous one.
    """
    onto_frame = weighted_difference(previous, frame, backward, visible_structure(true_frame, backward, forward))
    onto_previous = weighted_difference(frame, previous, forward, visible_structure(true_previous, forward, backward))
    return onto_frame, onto_previous


def visible_structure(
    truth: Tensor,
    flow: Tensor,
    back: Tensor,
    structure_weight: float = STRUCTURE_WEIGHT,
    alpha: float = OCCLUSION_ALPHA,
    beta: float = OCCLUSION_BETA,
    epsilon: float = SOBEL_EPSILON,
) -> Tensor:
    """How much each value of a frame counts: 1 + structure_weight * sobel_magnitude(), 0 where it is occluded in its neighbour.

    Args:
        truth: (n, 3, h, w), the ground truth's frame, -1..1.
        flow: (n, 2, h, w), from that frame to its neighbour.
        back: (n, 2, h, w), from the neighbour to that frame.
        structure_weight: How much more an edge counts.
        alpha: Limit of the occlusion check; see inconsistent().
        beta: Limit of the occlusion check; see inconsistent().
        epsilon: See sobel_magnitude().

    Returns:
        Weights of the same shape as ``truth``.
    """
    visible = ~inconsistent(flow, back, alpha, beta)
    return sobel_magnitude(truth, epsilon).mul_(structure_weight).add_(1).mul_(visible[:, None])


def sobel_magnitude(images: Tensor, epsilon: float = SOBEL_EPSILON) -> Tensor:
    """sqrt(gx^2 + gy^2 + epsilon) of every channel of ``images`` (n, c, h, w): Sobel's kernels divided by 8, border repeated."""
    across = images.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    kernels = torch.stack([across, across.T])[:, None]
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    gradients = functional.conv2d(padded.flatten(0, 1)[:, None], kernels)
    return gradients.square_().sum(1).add_(epsilon).sqrt_().view_as(images)


def weighted_difference(neighbour: Tensor, frame: Tensor, flow: Tensor, weights: Tensor) -> Tensor:
    """Mean |weights (neighbour warped onto frame - frame)|, with zeros outside the image.

    Args:
        neighbour: (n, 3, h, w).
        frame: (n, 3, h, w).
        flow: (n, 2, h, w), from frame to neighbour.
        weights: As ``frame``, not negative; occluded values take part in the mean as zeros.
    """
    return warp(neighbour, flow, "zeros").sub_(frame).abs_().mul_(weights).mean((1, 2, 3), dtype=torch.float64)


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
