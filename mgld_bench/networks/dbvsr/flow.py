"""Optical flow and alignment as DBVSR uses them: PWC-Net on images of any size, and a warp with a mask."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.warping import warp
from mgld_bench.networks.pwcnet.network import FLOW_UNIT, INSIDE, MULTIPLE, PWCNet, Pyramid


class DBVSRFlow(nn.Module):
    """PWC-Net between images of any size, which are resized to multiples of 64.

    Source: code/model/flow_pwc.py of csbhr/Deep-Blind-VSR (MIT).
    """

    def __init__(self) -> None:
        super().__init__()
        self.moduleNetwork = PWCNet()

    def pyramid(self, images: Tensor) -> Pyramid:
        """What forward() needs of ``images`` (n, 3, h, w), float32 RGB in [0, 1]; good for every flow from and to them."""
        height, width = images.shape[-2:]
        size = (height + -height % MULTIPLE, width + -width % MULTIPLE)
        resized = functional.interpolate(images, size, mode="bilinear", align_corners=False)
        pyramid: Pyramid = self.moduleNetwork.moduleExtractor(resized)
        return pyramid

    def forward(self, first: Sequence[Tensor], second: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """The flow (n, 2, h, w) from the first to the second images of ``size`` (h, w), given their pyramids.

        Pixels, channel 0 points right: where what is seen in the first images has moved to in the second.
        """
        height, width = size
        flow = FLOW_UNIT * functional.interpolate(self.moduleNetwork(first, second), size, mode="bilinear", align_corners=False)
        resized_height, resized_width = (2 * side for side in first[0].shape[-2:])
        return flow * flow.new_tensor([width / resized_width, height / resized_height]).view(1, 2, 1, 1)


def align(features: Tensor, flow: Tensor) -> Tensor:
    """``features`` (n, c, h, w) sampled bilinearly where ``flow`` (n, 2, h, w) points; zero where that is outside of the image.

    Positions are computed in the type of ``flow``; the result has the type of ``features``.
    """
    return (warp(features.to(flow.dtype), flow, padding="border") * alignment_mask(flow)).to(features.dtype)


def alignment_mask(flow: Tensor) -> Tensor:
    """(n, 1, h, w), 1 where ``flow`` (n, 2, h, w) points into the image, else 0."""
    counted = warp(flow.new_ones(flow.shape[0], 1, *flow.shape[2:]), flow)
    return (counted >= INSIDE).to(flow.dtype)
