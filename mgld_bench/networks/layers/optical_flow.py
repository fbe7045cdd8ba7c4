"""Optical flow: padding images for it, warping by it, resizing it, and finding where two flows contradict each other.

A flow is (n, 2, h, w) in pixels: channel 0 points right, channel 1 down. The flow from frame a to frame b lies on the grid of a.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


def pad_centred(images: Tensor, multiple: int) -> Tensor:
    """Images padded to sides that are multiples of a number, by repeating the border pixels.

    Half of the padding goes to either side; an odd pixel goes to the right and to the bottom. Source: InputPadder of
    princeton-vl/RAFT.

    Args:
        images: (n, c, h, w).
        multiple: what both sides have to be a multiple of.

    Returns:
        The padded images; ``images`` itself, not a copy, where they fit already.
    """
    height, width = images.shape[-2:]
    down, right = -height % multiple, -width % multiple
    if not down and not right:
        return images
    return functional.pad(images, (right // 2, right - right // 2, down // 2, down - down // 2), mode="replicate")


def unpad_centred(padded: Tensor, size: tuple[int, int]) -> Tensor:
    """The part of padded images that pad_centred() was given: a view.

    Args:
        padded: (n, c, h, w), padded images or a flow between them.
        size: height and width before the padding.
    """
    top, left = ((full - part) // 2 for full, part in zip(padded.shape[-2:], size, strict=True))
    return padded[..., top : top + size[0], left : left + size[1]]


def resize_flow(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """A flow at another image size: the same motion, in pixels of that size.

    Bilinear, align_corners False, no antialiasing. Source: resize_flow of IanYeung/MGLD-VSR.

    Args:
        flow: (n, 2, h, w); channel 0 is scaled by the ratio of the widths, channel 1 by that of the heights.
        size: height and width of the result. A flow of that size is returned as it is.
    """
    height, width = flow.shape[-2:]
    if (height, width) == size:
        return flow
    # Numbers, not a tensor of them: see warp().
    scaled = torch.stack([flow[:, 0] * (size[1] / width), flow[:, 1] * (size[0] / height)], dim=1)
    return functional.interpolate(scaled, size, mode="bilinear", align_corners=False)


def warp(image: Tensor, flow: Tensor, padding: Literal["zeros", "border"] = "zeros") -> Tensor:
    """An image sampled bilinearly where a flow points: the flow from frame a to frame b carries frame b onto the grid of a.

    Args:
        image: (n, c, h, w).
        flow: (n, 2, h, w).
        padding: what lies outside the image: zeros (for each of the four neighbours by itself), or the nearest pixel of the
            border.
    """
    height, width = flow.shape[-2:]
    x, y = (pixel_positions(flow) + flow).unbind(1)
    # Numbers, not a tensor of them: copying a tensor to a GPU would wait for all of its queued work.
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], dim=-1)
    warped: Tensor = functional.grid_sample(image, grid, mode="bilinear", padding_mode=padding, align_corners=True)
    return warped


def inside(flow: Tensor) -> Tensor:
    """Whether a flow (n, 2, h, w) points into the image, borders included: (n, h, w) bool."""
    height, width = flow.shape[-2:]
    x, y = (pixel_positions(flow) + flow).unbind(1)
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def inconsistent(flow: Tensor, back: Tensor, alpha: float = 0.01, beta: float = 0.5) -> Tensor:
    """Where two flows contradict each other (occlusions): (n, h, w) bool, on the grid of ``flow``.

    A pixel is inconsistent if |flow + warp(back, flow)| > alpha (|flow| + |back|) + beta, with Euclidean norms. As in GMFlow's
    check, ``back`` is not warped on the right-hand side.

    Args:
        flow: (n, 2, h, w) from one frame to another.
        back: (n, 2, h, w) from the other frame back to the first.
        alpha: share of the two lengths that is tolerated.
        beta: pixels that are tolerated.
    """
    returned: Tensor = torch.linalg.vector_norm(flow + warp(back, flow), dim=1)
    lengths: Tensor = torch.linalg.vector_norm(flow, dim=1) + torch.linalg.vector_norm(back, dim=1)
    return returned > alpha * lengths + beta


def pixel_positions(maps: Tensor) -> Tensor:
    """Each pixel's x and y, (2, h, w), in the dtype of ``maps`` (..., h, w) and on their device."""
    height, width = maps.shape[-2:]
    rows = torch.arange(height, dtype=maps.dtype, device=maps.device)
    columns = torch.arange(width, dtype=maps.dtype, device=maps.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])
