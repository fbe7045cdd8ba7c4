"""Optical flow: padding images for its networks, warping by a flow, resizing a flow, and where two flows contradict each other.

A flow is (n, 2, h, w) in pixels: channel 0 points right, channel 1 down. The flow from frame a to frame b is on the grid of a.
"""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor
from torch.nn import functional


def pad_centred(images: Tensor, multiple: int) -> Tensor:
    """``images`` (n, c, h, w) padded to the next multiples of ``multiple`` by repeating the border pixels.

    Half of the padding on either side; an odd pixel goes to the right and to the bottom. Images that fit are not copied.
    Source: InputPadder of princeton-vl/RAFT.
    """
    height, width = images.shape[-2:]
    down, right = -height % multiple, -width % multiple
    if not down and not right:
        return images
    return functional.pad(images, (right // 2, right - right // 2, down // 2, down - down // 2), mode="replicate")


def unpad_centred(padded: Tensor, size: tuple[int, int]) -> Tensor:
    """The part (n, c, height, width) of ``padded`` that pad_centred() was given, an image of ``size`` (height, width). A view."""
    top, left = ((full - part) // 2 for full, part in zip(padded.shape[-2:], size, strict=True))
    return padded[..., top : top + size[0], left : left + size[1]]


def resize_flow(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """``flow`` (n, 2, h, w) in pixels, for images of ``size`` (height, width): the same motion in pixels of that size.

    Channel 0 (x) is scaled by the ratio of the widths, channel 1 (y) by that of the heights; bilinear, align_corners False, no
    antialiasing. A flow of that size already is returned as it is. Source: resize_flow of IanYeung/MGLD-VSR.
    """
    height, width = flow.shape[-2:]
    if (height, width) == size:
        return flow
    scale = flow.new_tensor([size[1] / width, size[0] / height]).view(1, 2, 1, 1)
    return functional.interpolate(flow * scale, size, mode="bilinear", align_corners=False)


def warp(image: Tensor, flow: Tensor, padding: Literal["zeros", "border"] = "zeros") -> Tensor:
    """``image`` (n, c, h, w) sampled bilinearly at every pixel's position plus ``flow`` (n, 2, h, w); channel 0 points right.

    padding: what lies outside of the image: zeros (each of the four neighbours by itself), or its nearest pixel. A flow from
    frame a to frame b carries frame b onto the grid of a.
    """
    height, width = flow.shape[-2:]
    x, y = (pixel_positions(flow) + flow).unbind(1)
    # Numbers, not a tensor of them: that would have to be copied to a GPU, which would first finish all it has to do.
    grid = torch.stack([2 * x / max(width - 1, 1) - 1, 2 * y / max(height - 1, 1) - 1], dim=-1)
    warped: Tensor = functional.grid_sample(image, grid, mode="bilinear", padding_mode=padding, align_corners=True)
    return warped


def inside(flow: Tensor) -> Tensor:
    """(n, h, w) bool: whether the pixel that ``flow`` (n, 2, h, w) points at lies in the image, borders included."""
    height, width = flow.shape[-2:]
    x, y = (pixel_positions(flow) + flow).unbind(1)
    return (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)


def inconsistent(flow: Tensor, back: Tensor, alpha: float = 0.01, beta: float = 0.5) -> Tensor:
    """(n, h, w) bool, on the grid of ``flow``: pixels that ``back`` does not bring back to where they came from (occlusions).

    |flow + warp(back, flow)| > alpha (|flow| + |back|) + beta, Euclidean norms, as GMFlow's check: ``back`` is not warped in the
    threshold. Both (n, 2, h, w), pixels.
    """
    returned: Tensor = torch.linalg.vector_norm(flow + warp(back, flow), dim=1)
    lengths: Tensor = torch.linalg.vector_norm(flow, dim=1) + torch.linalg.vector_norm(back, dim=1)
    return returned > alpha * lengths + beta


def pixel_positions(maps: Tensor) -> Tensor:
    """Each pixel's x and y, (2, h, w), in the type of ``maps`` (..., h, w) and on their device."""
    height, width = maps.shape[-2:]
    rows = torch.arange(height, dtype=maps.dtype, device=maps.device)
    columns = torch.arange(width, dtype=maps.dtype, device=maps.device)
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    return torch.stack([x, y])
