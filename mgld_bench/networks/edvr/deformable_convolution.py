"""Modulated deformable convolution (DCNv2) whose offsets come from other features."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torchvision.ops import deform_conv2d

_POSITIONS = 9
"""Of a 3 x 3 kernel."""


class ModulatedDeformableConvolution(nn.Module):
    """A 3 x 3 convolution that samples its input at displaced positions, each sample weighted by a mask in 0..1.

    Displacements and mask are a convolution of guiding features. It computes in the type of its own parameters and returns the
    type of its input, so that it can stay in float32 inside a network of half precision: a displacement of ten pixels has steps
    of 1/16 pixel in bfloat16, and the sampling exists for float32 on every device.

    Groups are convolved one after the other and added up: the samples of all positions, which the operator writes down before it
    multiplies, are then those of one group only. With 8 groups that is 0.3 instead of 2.3 KB per pixel, and no slower.

    Source: Zhu et al., Deformable ConvNets v2, CVPR 2019; ModulatedDeformConvPack of EDVR, with whose operator torchvision's
    agrees bit by bit.
    """

    def __init__(self, channels: int, groups: int) -> None:
        """``channels`` in and out; ``groups`` of input channels have displacements and masks of their own."""
        super().__init__()
        self.groups = groups
        self.displacements = 2 * groups * _POSITIONS
        self.weight = nn.Parameter(torch.empty(channels, channels, 3, 3))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.conv_offset_mask = nn.Conv2d(channels, 3 * groups * _POSITIONS, 3, padding=1)
        bound = 1 / math.sqrt(channels * _POSITIONS)
        nn.init.uniform_(self.weight, -bound, bound)
        nn.init.zeros_(self.conv_offset_mask.weight)
        nn.init.zeros_(self.conv_offset_mask.bias)  # type: ignore[arg-type]  # it has a bias

    def forward(self, x: Tensor, guide: Tensor) -> Tensor:
        """``x`` and ``guide`` (n, channels, h, w) -> (n, channels, h, w).

        Of the guide's convolution, the first two thirds are displacements in pixels: per group, per kernel position row by row,
        first down, then right; the last third is the mask before the sigmoid, per group and kernel position. (The authors cut
        three thirds and join the first two again: these are not "all down" and "all right".)
        """
        raw = self.conv_offset_mask(guide.to(self.weight.dtype))
        inputs = x.to(self.weight.dtype).chunk(self.groups, 1)
        displacements = raw[:, : self.displacements].chunk(self.groups, 1)
        masks = torch.sigmoid(raw[:, self.displacements :]).chunk(self.groups, 1)
        weights = self.weight.chunk(self.groups, 1)
        convolved: Tensor = deform_conv2d(inputs[0], displacements[0], weights[0], self.bias, padding=1, mask=masks[0])
        for group in range(1, self.groups):
            convolved += deform_conv2d(inputs[group], displacements[group], weights[group], padding=1, mask=masks[group])
        return convolved.to(x.dtype)
