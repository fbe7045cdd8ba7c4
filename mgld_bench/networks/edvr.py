"""EDVR without upsampling and without temporal attention: the network of RealVSR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.blocks import ResidualBlock
from mgld_bench.networks.sizes.edvr import EDVRNoUpConfig

_POSITIONS = 9
"""Of a 3 x 3 kernel."""
PLANES = 3
"""Y, Cb, Cr."""
FeaturePyramid: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""Features of frames at their size, at a half and at a quarter of it: (n, features, h, w), (.., h/2, w/2), (.., h/4, w/4)."""


class EDVRNoUp(nn.Module):
    """A window of neighbouring frames in, the sharpened frame in its centre out, at the same size.

    Names are those of RealVSR's checkpoints; the 1x1 convolution that joins the aligned frames is called ``tsa_fusion`` there
    although temporal attention is off. Features of a frame do not depend on the window: pyramid() computes them, to be kept while
    windows slide, and restore() does the rest; forward() is both at once.

    Source: Yang et al., Real-world Video Super-resolution: A Benchmark Dataset and A Decomposition based Learning Scheme, ICCV
    2021; EDVR_NoUp in codes/models/archs/EDVR_arch.py of IanYeung/RealVSR (Apache-2.0).

    Args:
        config: the size of the network.
        center: index of the frame of a window that is restored; None: the middle one.
    """

    def __init__(self, config: EDVRNoUpConfig, center: int | None = None) -> None:
        super().__init__()
        self.config = config
        self.center = config.frames // 2 if center is None else center
        features = config.features
        self.conv_first = _convolution(PLANES, features)
        self.feature_extraction = nn.Sequential(*(ResidualBlock(features) for _ in range(config.front_blocks)))
        self.fea_L2_conv1 = _convolution(features, features, stride=2)
        self.fea_L2_conv2 = _convolution(features, features)
        self.fea_L3_conv1 = _convolution(features, features, stride=2)
        self.fea_L3_conv2 = _convolution(features, features)
        self.pcd_align = PyramidAlignment(features, config.groups)
        self.tsa_fusion = nn.Conv2d(config.frames * features, features, 1)
        self.recon_trunk = nn.Sequential(*(ResidualBlock(features) for _ in range(config.back_blocks)))
        self.HRconv = _convolution(features, features)
        self.conv_last = _convolution(features, PLANES)

    @property
    def reach(self) -> int:
        """See its size."""
        return self.config.reach

    def forward(self, window: Tensor) -> Tensor:
        """(n, frames, 3, h, w) Y, Cb, Cr in [0, 1], sides multiples of 4, to (n, 3, h, w), not clamped."""
        count, frames = window.shape[:2]
        levels = [level.view(count, frames, *level.shape[1:]) for level in self.pyramid(window.flatten(0, 1))]
        pyramids = [(levels[0][:, index], levels[1][:, index], levels[2][:, index]) for index in range(frames)]
        return self.restore(window[:, self.center], pyramids)

    def pyramid(self, frames: Tensor) -> FeaturePyramid:
        """The features of ``frames`` (n, 3, h, w), in the dtype of the network whatever that of the frames."""
        first = self.feature_extraction(_activate(self.conv_first(frames.to(self.conv_first.weight.dtype))))
        second = _activate(self.fea_L2_conv2(_activate(self.fea_L2_conv1(first))))
        third = _activate(self.fea_L3_conv2(_activate(self.fea_L3_conv1(second))))
        return first, second, third

    def restore(self, center: Tensor, pyramids: Sequence[FeaturePyramid]) -> Tensor:
        """The restored frame (n, 3, h, w), not clamped, in the dtype of ``center``: the network only adds a correction to it.

        Args:
            center: the frame that is restored, (n, 3, h, w).
            pyramids: what pyramid() returned for each frame of the window, in order of time.
        """
        reference = pyramids[self.center]
        aligned = [self.pcd_align(pyramid, reference) for pyramid in pyramids]
        fused = self.recon_trunk(self.tsa_fusion(torch.cat(aligned, 1)))
        correction: Tensor = self.conv_last(_activate(self.HRconv(fused)))
        return center + correction.to(center.dtype)


class PyramidAlignment(nn.Module):
    """Aligns the features of one frame with those of another, from the coarse level to the fine one, then once more (PCD).

    Args:
        features: channels.
        groups: of each deformable convolution.
    """

    def __init__(self, features: int, groups: int) -> None:
        super().__init__()
        self.L3_offset_conv1 = _convolution(2 * features, features)
        self.L3_offset_conv2 = _convolution(features, features)
        self.L3_dcnpack = ModulatedDeformableConvolution(features, groups)
        self.L2_offset_conv1 = _convolution(2 * features, features)
        self.L2_offset_conv2 = _convolution(2 * features, features)
        self.L2_offset_conv3 = _convolution(features, features)
        self.L2_dcnpack = ModulatedDeformableConvolution(features, groups)
        self.L2_fea_conv = _convolution(2 * features, features)
        self.L1_offset_conv1 = _convolution(2 * features, features)
        self.L1_offset_conv2 = _convolution(2 * features, features)
        self.L1_offset_conv3 = _convolution(features, features)
        self.L1_dcnpack = ModulatedDeformableConvolution(features, groups)
        self.L1_fea_conv = _convolution(2 * features, features)
        self.cas_offset_conv1 = _convolution(2 * features, features)
        self.cas_offset_conv2 = _convolution(features, features)
        self.cas_dcnpack = ModulatedDeformableConvolution(features, groups)

    def forward(self, frame: FeaturePyramid, reference: FeaturePyramid) -> Tensor:
        """Aligned features (n, features, h, w); the reference frame itself is aligned in the same way."""
        offsets = _activate(self.L3_offset_conv1(torch.cat([frame[2], reference[2]], 1)))
        offsets = _activate(self.L3_offset_conv2(offsets))
        aligned = _activate(self.L3_dcnpack(frame[2], offsets))

        offsets = self._second_level_offsets(frame[1], reference[1], offsets)
        joined = torch.cat([self.L2_dcnpack(frame[1], offsets), _twice_as_large(aligned)], 1)
        aligned = _activate(self.L2_fea_conv(joined))

        offsets = self._first_level_offsets(frame[0], reference[0], offsets)
        joined = torch.cat([self.L1_dcnpack(frame[0], offsets), _twice_as_large(aligned)], 1)
        # Here, unlike at the second level, the authors have no activation.
        aligned = self.L1_fea_conv(joined)

        offsets = _activate(self.cas_offset_conv1(torch.cat([aligned, reference[0]], 1)))
        offsets = _activate(self.cas_offset_conv2(offsets))
        return _activate(self.cas_dcnpack(aligned, offsets))

    def _second_level_offsets(self, frame: Tensor, reference: Tensor, coarse: Tensor) -> Tensor:
        offsets = _activate(self.L2_offset_conv1(torch.cat([frame, reference], 1)))
        offsets = _activate(self.L2_offset_conv2(torch.cat([offsets, _finer(coarse)], 1)))
        return _activate(self.L2_offset_conv3(offsets))

    def _first_level_offsets(self, frame: Tensor, reference: Tensor, coarse: Tensor) -> Tensor:
        offsets = _activate(self.L1_offset_conv1(torch.cat([frame, reference], 1)))
        offsets = _activate(self.L1_offset_conv2(torch.cat([offsets, _finer(coarse)], 1)))
        return _activate(self.L1_offset_conv3(offsets))


class ModulatedDeformableConvolution(nn.Module):
    """A modulated deformable 3x3 convolution (DCNv2) whose offsets and mask are a convolution of guiding features.

    It samples its input at displaced positions, each sample weighted by a mask in [0, 1]. It computes in the dtype of its own
    parameters and returns that of its input, so that it can stay in float32 inside a network in half precision: a displacement of
    ten pixels has steps of 1/16 pixel in bfloat16, and the sampling exists for float32 on every device.

    Groups are convolved one after the other and summed: the operator writes down the samples of all positions before it
    multiplies, and these are then one group's only. With 8 groups that is 0.3 instead of 2.3 KB per pixel, and no slower.

    Source: Zhu et al., Deformable ConvNets v2, CVPR 2019; ModulatedDeformConvPack of EDVR, whose operator agrees with
    torchvision's bit by bit.

    Args:
        channels: in and out.
        groups: of input channels, each with displacements and masks of its own.
    """

    def __init__(self, channels: int, groups: int) -> None:
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
        """``x`` and ``guide`` (n, channels, h, w) to (n, channels, h, w).

        The first two thirds of the guide's convolution are displacements in pixels: per group, per kernel position row by row,
        first down, then right. The last third is the mask before the sigmoid, per group and kernel position. (The authors cut
        three thirds and join the first two again: these are not "all down" and "all right".)
        """
        # Here, because it takes seconds to import, and planning a run computes nothing.
        from torchvision.ops import deform_conv2d

        raw = self.conv_offset_mask(guide.to(self.weight.dtype))
        inputs = x.to(self.weight.dtype).chunk(self.groups, 1)
        displacements = raw[:, : self.displacements].chunk(self.groups, 1)
        masks = torch.sigmoid(raw[:, self.displacements :]).chunk(self.groups, 1)
        weights = self.weight.chunk(self.groups, 1)
        convolved: Tensor = deform_conv2d(inputs[0], displacements[0], weights[0], self.bias, padding=1, mask=masks[0])
        for group in range(1, self.groups):
            convolved += deform_conv2d(inputs[group], displacements[group], weights[group], padding=1, mask=masks[group])
        return convolved.to(x.dtype)


def _finer(offsets: Tensor) -> Tensor:
    """Offset features of a level for the next finer one, where pixels are half as large.

    The factor 2 is right for displacements; these are features from which displacements are made, and the authors scale them too.
    """
    return 2 * _twice_as_large(offsets)


def _twice_as_large(x: Tensor) -> Tensor:
    enlarged: Tensor = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return enlarged


def _activate(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.1)


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)
