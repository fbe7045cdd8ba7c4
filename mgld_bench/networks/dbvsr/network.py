"""DBVSR: x4 video super-resolution that estimates a frame's blur, undoes it, and repairs the result with four neighbours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.dbvsr.deconvolution import deconvolve
from mgld_bench.networks.dbvsr.enlargement import SCALE, ComposedEnlargement
from mgld_bench.networks.dbvsr.subnetworks import KernelEstimation, Reconstruction
from mgld_bench.networks.layers.blocks import ResidualBlock
from mgld_bench.networks.layers.optical_flow import warp
from mgld_bench.networks.pwcnet import FLOW_UNIT, INSIDE, MULTIPLE, FlowPyramid, PWCNet
from mgld_bench.networks.sizes.dbvsr import WINDOW, DBVSRConfig

SLOPE: Final = 0.1
"""Of every leaky ReLU."""


@dataclass(frozen=True)
class DescribedFrame:
    """What the network needs of a frame, whatever its place in a window."""

    picture: Tensor
    """(n, 3, h, w) float32 RGB in [0, 1]."""
    features: Tensor
    """(n, features, h, w) in the type of the network's trunk."""
    pyramid: FlowPyramid
    """For the optical flow; float32."""


class DBVSR(nn.Module):
    """Deep Blind Video Super-resolution x4.

    Pan et al., Deep Blind Video Super-resolution, ICCV 2021; names and arithmetic of code/model/pwc_recons.py of
    csbhr/Deep-Blind-VSR (MIT), under PyTorch 0.4.1 to 1.2, with which the authors got their numbers: sampling puts the image's
    corners at -1 and 1. ``flow_net`` and ``kernel_net`` stay in float32 and the deconvolution computes in float64; trunk() may be
    in half precision.
    """

    def __init__(self, config: DBVSRConfig) -> None:
        super().__init__()
        features, condition_features = config.features, config.condition_features
        self.in_conv = nn.Sequential(_convolution(3, features))
        self.extra_feat = nn.Sequential(*(ResidualBlock(features) for _ in range(config.feature_blocks)))
        self.fusion_conv = nn.Sequential(_convolution(WINDOW * features, features))
        self.recons_net = Reconstruction(features, condition_features, config.reconstruction_blocks)
        self.upsample_layers = nn.Sequential(
            _convolution(features, 4 * features), nn.PixelShuffle(2), _convolution(features, 4 * features), nn.PixelShuffle(2)
        )
        self.out_conv = nn.Sequential(_convolution(features, features), _convolution(features, 3))
        self.flow_net = DBVSRFlow()
        self.kernel_net = KernelEstimation(config.kernel_size)
        self.cond_net = nn.Sequential(
            nn.Conv2d(3 * SCALE**2, features, 5, padding=4, dilation=2),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(features, features, 3, padding=2, dilation=2),
            nn.LeakyReLU(SLOPE),
            _convolution(features, features),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(features, features, 1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(features, condition_features, 1),
        )
        self.composed: ComposedEnlargement | None = None

    def forward(self, window: Tensor) -> Tensor:
        """The middle frame of ``window`` (n, 5, 3, h, w), float32 RGB in [0, 1]: (n, 3, 4 * h, 4 * w) float32, not clamped."""
        return self.restore([self.describe(frame) for frame in window.unbind(1)])

    def describe(self, frame: Tensor) -> DescribedFrame:
        """What restore() needs of ``frame`` (n, 3, h, w), float32 RGB in [0, 1]; valid for every window with that frame."""
        features = self.extra_feat(self.in_conv(frame.to(self._trunk_type)))
        return DescribedFrame(frame, features, self.flow_net.pyramid(frame))

    def restore(self, window: Sequence[DescribedFrame]) -> Tensor:
        """The middle one of five described frames, (n, 3, 4 * h, 4 * w) float32, not clamped."""
        middle = window[WINDOW // 2]
        condition = self._condition(middle.picture)
        fused = self.fusion_conv(self._aligned(window))
        residual = self._enlarge(self.recons_net(fused, condition))
        enlarged = functional.interpolate(middle.picture, scale_factor=SCALE, mode="bilinear", align_corners=False)
        return enlarged + residual.to(enlarged.dtype)

    def compose_enlargement(self) -> None:
        """From now on enlarge with one convolution instead of four, by the present weights; equal up to rounding."""
        self.composed = ComposedEnlargement(nn.Sequential(self.upsample_layers, self.out_conv))

    def trunk(self) -> list[nn.Module]:
        """The modules that may compute in half precision, if all of them do."""
        return [part for part in self.children() if part not in (self.flow_net, self.kernel_net)]

    @property
    def _trunk_type(self) -> torch.dtype:
        return next(self.in_conv.parameters()).dtype

    def _condition(self, frame: Tensor) -> Tensor:
        """What modulates the reconstruction, (n, condition_features, h, w): from the frame with its blur undone."""
        sharp = deconvolve(frame, self.kernel_net(frame), SCALE)
        condition: Tensor = self.cond_net(space_to_depth(sharp).to(self._trunk_type))
        return condition

    def _aligned(self, window: Sequence[DescribedFrame]) -> Tensor:
        """(n, 5 * features, h, w): features of all frames in order, the neighbours' aligned with the middle frame."""
        middle = window[WINDOW // 2]
        neighbours = [frame for place, frame in enumerate(window) if place != WINDOW // 2]
        first = [level.repeat(len(neighbours), 1, 1, 1) for level in middle.pyramid]
        second = [torch.cat(levels) for levels in zip(*(frame.pyramid for frame in neighbours), strict=True)]
        flows = self.flow_net(first, second, (middle.picture.shape[-2], middle.picture.shape[-1])).chunk(len(neighbours))
        aligned = [align(frame.features, flow) for frame, flow in zip(neighbours, flows, strict=True)]
        aligned.insert(WINDOW // 2, middle.features)
        return torch.cat(aligned, dim=1)

    def _enlarge(self, features: Tensor) -> Tensor:
        enlarged: Tensor = self.out_conv(self.upsample_layers(features)) if self.composed is None else self.composed(features)
        return enlarged


class DBVSRFlow(nn.Module):
    """PWC-Net between images of any size, which are resized to multiples of 64.

    Source: code/model/flow_pwc.py of csbhr/Deep-Blind-VSR (MIT).
    """

    def __init__(self) -> None:
        super().__init__()
        self.moduleNetwork = PWCNet()

    def pyramid(self, images: Tensor) -> FlowPyramid:
        """What forward() needs of images (n, 3, h, w), float32 RGB in [0, 1]; valid for every flow from and to them."""
        height, width = images.shape[-2:]
        size = (height + -height % MULTIPLE, width + -width % MULTIPLE)
        resized = functional.interpolate(images, size, mode="bilinear", align_corners=False)
        pyramid: FlowPyramid = self.moduleNetwork.moduleExtractor(resized)
        return pyramid

    def forward(self, first: Sequence[Tensor], second: Sequence[Tensor], size: tuple[int, int]) -> Tensor:
        """The flow from the first to the second images.

        Args:
            first: pyramid() of the first images.
            second: pyramid() of the second images.
            size: height and width of the images.

        Returns:
            (n, 2, h, w) in pixels, channel 0 points right: where what is seen in the first images has moved to in the second.
        """
        height, width = size
        flow = FLOW_UNIT * functional.interpolate(self.moduleNetwork(first, second), size, mode="bilinear", align_corners=False)
        resized_height, resized_width = (2 * side for side in first[0].shape[-2:])
        # Numbers, not a tensor of them: copying a tensor to a GPU would wait for all of its queued work.
        return torch.stack([flow[:, 0] * (width / resized_width), flow[:, 1] * (height / resized_height)], dim=1)


def align(features: Tensor, flow: Tensor) -> Tensor:
    """Features (n, c, h, w) sampled bilinearly where a flow (n, 2, h, w) points; zero where that is outside the image.

    Positions are computed in the dtype of ``flow``; the result has the dtype of ``features``.
    """
    return (warp(features.to(flow.dtype), flow, padding="border") * alignment_mask(flow)).to(features.dtype)


def alignment_mask(flow: Tensor) -> Tensor:
    """(n, 1, h, w), 1 where ``flow`` (n, 2, h, w) points into the image, else 0."""
    counted = warp(flow.new_ones(flow.shape[0], 1, *flow.shape[2:]), flow)
    return (counted >= INSIDE).to(flow.dtype)


def space_to_depth(frames: Tensor) -> Tensor:
    """Frames (n, 3, 4 * h, 4 * w) as (n, 48, h, w): channel (4 * i + j) * 3 + colour holds the pixels (4 * y + i, 4 * x + j).

    Not the order of PixelUnshuffle, where the colour comes first.
    """
    count, colours, height, width = frames.shape
    cells = frames.view(count, colours, height // SCALE, SCALE, width // SCALE, SCALE)
    return cells.permute(0, 3, 5, 1, 2, 4).reshape(count, SCALE**2 * colours, height // SCALE, width // SCALE)


def _convolution(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)
