"""EDVR without upsampling and without attention over time: the network of RealVSR."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.edvr.deformable_convolution import ModulatedDeformableConvolution
from mgld_bench.networks.layers.residual_block import ResidualBlock

MULTIPLE = 4
"""Both sides of the frames have to be multiples of it."""
PLANES = 3
"""Y, Cb, Cr."""

Pyramid: TypeAlias = tuple[Tensor, Tensor, Tensor]
"""Features of frames at their size, at a half and at a quarter of it: (n, features, h, w), (.., h/2, w/2), (.., h/4, w/4)."""


class EDVRNoUp(nn.Module):
    """A window of neighbouring frames in, the sharpened frame in its centre out, of the same size.

    The sides have to be multiples of 4. Names are those of RealVSR's checkpoints; the 1 x 1 convolution that joins the aligned
    frames is called ``tsa_fusion`` there although attention over time is off. Features of a frame do not depend on the window:
    ``pyramid`` gives them, to be kept while windows slide, and ``restore`` does the rest; ``forward`` is both at once.

    Source: Yang et al., Real-world Video Super-resolution: A Benchmark Dataset and A Decomposition based Learning Scheme, ICCV
    2021; EDVR_NoUp in codes/models/archs/EDVR_arch.py of IanYeung/RealVSR (Apache-2.0). HRconv and conv_last have 64 channels
    written in there, so that a checkpoint of the authors always has 64 features.
    """

    def __init__(
        self,
        features: int = 64,
        frames: int = 3,
        groups: int = 8,
        front_blocks: int = 5,
        back_blocks: int = 10,
        center: int | None = None,
    ) -> None:
        """``frames`` in a window, ``groups`` of each deformable convolution, residual blocks before and after the alignment.

        center: which frame of the window is restored; None: the one in the middle.
        """
        super().__init__()
        self.center = frames // 2 if center is None else center
        self.front_blocks, self.back_blocks = front_blocks, back_blocks
        self.conv_first = _convolution(PLANES, features)
        self.feature_extraction = nn.Sequential(*(ResidualBlock(features) for _ in range(front_blocks)))
        self.fea_L2_conv1 = _convolution(features, features, stride=2)
        self.fea_L2_conv2 = _convolution(features, features)
        self.fea_L3_conv1 = _convolution(features, features, stride=2)
        self.fea_L3_conv2 = _convolution(features, features)
        self.pcd_align = PyramidAlignment(features, groups)
        self.tsa_fusion = nn.Conv2d(frames * features, features, 1)
        self.recon_trunk = nn.Sequential(*(ResidualBlock(features) for _ in range(back_blocks)))
        self.HRconv = _convolution(features, features)
        self.conv_last = _convolution(features, PLANES)

    @property
    def reach(self) -> int:
        """How many pixels away from a pixel something may change it while all displacements are 0."""
        # Twice per residual block; 10 from frame to the third level, 26 from there through the alignment, 2 in the last layers.
        return 2 * (self.front_blocks + self.back_blocks) + 38

    def forward(self, window: Tensor) -> Tensor:
        """(n, frames, 3, h, w) Y, Cb, Cr in [0, 1] -> (n, 3, h, w), not clamped."""
        count, frames = window.shape[:2]
        levels = [level.view(count, frames, *level.shape[1:]) for level in self.pyramid(window.flatten(0, 1))]
        pyramids = [(levels[0][:, index], levels[1][:, index], levels[2][:, index]) for index in range(frames)]
        return self.restore(window[:, self.center], pyramids)

    def pyramid(self, frames: Tensor) -> Pyramid:
        """The features of ``frames`` (n, 3, h, w), in the type of the network; the frames may have another."""
        first = self.feature_extraction(_activate(self.conv_first(frames.to(self.conv_first.weight.dtype))))
        second = _activate(self.fea_L2_conv2(_activate(self.fea_L2_conv1(first))))
        third = _activate(self.fea_L3_conv2(_activate(self.fea_L3_conv1(second))))
        return first, second, third

    def restore(self, center: Tensor, pyramids: Sequence[Pyramid]) -> Tensor:
        """The restored frame (n, 3, h, w) from the frame itself and the pyramids of the window's frames, in order of time.

        In the type of ``center``: the network only adds a correction to it, which may have been computed in half precision.
        """
        reference = pyramids[self.center]
        aligned = [self.pcd_align(pyramid, reference) for pyramid in pyramids]
        fused = self.recon_trunk(self.tsa_fusion(torch.cat(aligned, 1)))
        correction: Tensor = self.conv_last(_activate(self.HRconv(fused)))
        return center + correction.to(center.dtype)


class PyramidAlignment(nn.Module):
    """Carries the features of one frame onto the grid of another, from the coarse level to the fine one, then once more."""

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

    def forward(self, frame: Pyramid, reference: Pyramid) -> Tensor:
        """Aligned features (n, features, h, w). The reference itself is aligned in the same way."""
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


def _finer(offsets: Tensor) -> Tensor:
    """Offset features of a level for the next finer one, where pixels are half as large.

    The factor 2 is right for displacements; these are features from which displacements are made, and the authors scale them.
    """
    return 2 * _twice_as_large(offsets)


def _twice_as_large(x: Tensor) -> Tensor:
    enlarged: Tensor = functional.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)
    return enlarged


def _activate(x: Tensor) -> Tensor:
    return functional.leaky_relu(x, 0.1)


def _convolution(inputs: int, outputs: int, stride: int = 1) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride, padding=1)
