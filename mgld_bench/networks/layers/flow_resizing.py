"""Optical flow at another image size."""

from __future__ import annotations

from torch import Tensor
from torch.nn import functional


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
