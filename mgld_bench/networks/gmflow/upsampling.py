"""Convex upsampling of a flow."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


def upsample_convex(flow: Tensor, logits: Tensor, factor: int) -> Tensor:
    """``flow`` (n, 2, h, w) at ``factor`` times the size, in pixels of that size: each pixel a weighted mean of 3x3 neighbours.

    ``logits`` (n, 9 * factor^2, h, w): neighbour, then row and column in the block; softmax over the neighbours. Neighbours
    outside of the map have flow 0. Source: upsample_flow of haofeixu/gmflow.
    """
    count, _, height, width = flow.shape
    weights = logits.permute(0, 2, 3, 1).reshape(count, height, width, 9, factor**2).softmax(3)
    neighbours = functional.unfold(factor * flow, 3, padding=1).view(count, 2, 9, height, width).permute(0, 3, 4, 1, 2)
    blocks = flow.new_zeros(count, height, width, 2, factor**2)
    for neighbour in range(9):
        blocks.addcmul_(neighbours[..., neighbour, None], weights[..., None, neighbour, :])
    return (
        blocks.view(count, height, width, 2, factor, factor)
        .permute(0, 3, 1, 4, 2, 5)
        .reshape(count, 2, height * factor, width * factor)
    )
