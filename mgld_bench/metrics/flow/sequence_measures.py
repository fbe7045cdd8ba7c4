"""The training losses of MGLD-VSR's sequence decoder as measures of neighbouring frames.

Everywhere: ``previous`` and ``frame`` (n, 3, h, w) float32 RGB in [-1, 1], the frames i and i + 1 of n pairs, and
``true_previous`` and ``true_frame``, the same frames of the ground truth; ``backward`` (n, 2, h, w) the flow from frame i + 1 to
frame i, ``forward`` that from i to i + 1, both of the ground truth, in pixels, channel 0 pointing right. A result is (n,)
float64, one value per pair; means are taken in float64.

Source: MGLD-VSR, equations 4 and 5; constants of IanYeung/MGLD-VSR (its configuration of the sequence decoder).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from mgld_bench.networks.layers.warping import inconsistent, warp

STRUCTURE_WEIGHT = 3.0
"""How much more an edge counts."""
OCCLUSION_ALPHA, OCCLUSION_BETA = 0.01, 0.5
SOBEL_EPSILON = 1e-6
"""Under the root, where the training needs a gradient."""


def frame_difference(previous: Tensor, frame: Tensor, true_previous: Tensor, true_frame: Tensor) -> Tensor:
    """Mean |change from frame to frame - that of the ground truth| over pixels and channels (equation 4 has a sum)."""
    change = previous - frame
    true_change = true_previous - true_frame
    return _means(change.sub_(true_change).abs_())


def sobel_magnitude(images: Tensor, epsilon: float = SOBEL_EPSILON) -> Tensor:
    """sqrt(gx^2 + gy^2 + epsilon) of every channel of ``images`` (n, c, h, w): Sobel's kernels divided by 8, border repeated."""
    across = images.new_tensor([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]) / 8
    kernels = torch.stack([across, across.T])[:, None]
    padded = functional.pad(images, (1, 1, 1, 1), mode="replicate")
    gradients = functional.conv2d(padded.flatten(0, 1)[:, None], kernels)
    return gradients.square_().sum(1).add_(epsilon).sqrt_().view_as(images)


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

    ``truth`` (n, 3, h, w) the ground truth's frame, ``flow`` (n, 2, h, w) from it to the neighbour, ``back`` from there;
    alpha, beta: see inconsistent(). The result is as large as ``truth``.
    """
    seen = ~inconsistent(flow, back, alpha, beta)
    return sobel_magnitude(truth, epsilon).mul_(structure_weight).add_(1).mul_(seen[:, None])


def weighted_difference(neighbour: Tensor, frame: Tensor, flow: Tensor, weights: Tensor) -> Tensor:
    """Mean |weights (neighbour warped onto frame - frame)|; ``flow`` from frame to neighbour, zeros outside of the image.

    ``weights`` as ``frame``, not negative. Occluded values take part in the mean, as zeros.
    """
    return _means(warp(neighbour, flow, "zeros").sub_(frame).abs_().mul_(weights))


def structure_weighted_consistency(
    previous: Tensor, frame: Tensor, true_previous: Tensor, true_frame: Tensor, backward: Tensor, forward: Tensor
) -> tuple[Tensor, Tensor]:
    """Equation 5, by its two halves: the previous frame warped onto the frame, and the frame warped onto the previous one.

    Weights are visible_structure(). The paper's value is the sum of both over all pairs. It follows the formula, with means in
    place of the norms: the authors' code warps each frame with the flow of the neighbouring pair and compares the first of each
    direction with black.
    """
    onto_frame = weighted_difference(previous, frame, backward, visible_structure(true_frame, backward, forward))
    onto_previous = weighted_difference(frame, previous, forward, visible_structure(true_previous, forward, backward))
    return onto_frame, onto_previous


def _means(values: Tensor) -> Tensor:
    return values.mean((1, 2, 3), dtype=torch.float64)
