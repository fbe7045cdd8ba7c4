"""DBVSR's reconstruction: residual blocks that are modulated, pixel by pixel, by a condition."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn
from torch.nn import functional

_SLOPE: Final = 0.1


class Modulation(nn.Module):
    """Spatial feature transform (SFT): features times (1 + scale) plus shift, both computed from the condition at each pixel.

    Wang et al., Recovering Realistic Texture in Image Super-resolution by Deep Spatial Feature Transform, CVPR 2018. Names as in
    code/model/blocks.py of csbhr/Deep-Blind-VSR (MIT).
    """

    def __init__(self, features: int, condition_features: int) -> None:
        super().__init__()
        self.SFT_scale_conv0 = nn.Conv2d(condition_features, condition_features, 1)
        self.SFT_scale_conv1 = nn.Conv2d(condition_features, features, 1)
        self.SFT_shift_conv0 = nn.Conv2d(condition_features, condition_features, 1)
        self.SFT_shift_conv1 = nn.Conv2d(condition_features, features, 1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``x`` (n, features, h, w) modulated by ``condition`` (n, condition_features, h, w)."""
        scale: Tensor = self.SFT_scale_conv1(functional.leaky_relu(self.SFT_scale_conv0(condition), _SLOPE))
        shift: Tensor = self.SFT_shift_conv1(functional.leaky_relu(self.SFT_shift_conv0(condition), _SLOPE))
        return x * (scale + 1) + shift


class ModulatedBlock(nn.Module):
    """A residual block with a modulation before either convolution."""

    def __init__(self, features: int, condition_features: int) -> None:
        super().__init__()
        self.sft0 = Modulation(features, condition_features)
        self.conv0 = nn.Conv2d(features, features, 3, padding=1)
        self.sft1 = Modulation(features, condition_features)
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """The input plus the correction."""
        hidden = functional.relu(self.conv0(self.sft0(x, condition)))
        correction: Tensor = self.conv1(self.sft1(hidden, condition))
        return x + correction


class Reconstruction(nn.ModuleList):
    """``blocks`` modulated blocks, a modulation, a convolution, under the numbers 0, 1, 2 ..."""

    def __init__(self, features: int, condition_features: int, blocks: int) -> None:
        modulated = [ModulatedBlock(features, condition_features) for _ in range(blocks)]
        super().__init__([*modulated, Modulation(features, condition_features), nn.Conv2d(features, features, 3, padding=1)])

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``x`` (n, features, h, w) reconstructed under ``condition`` (n, condition_features, h, w)."""
        *modulations, convolution = self
        for modulation in modulations:
            x = modulation(x, condition)
        reconstructed: Tensor = convolution(x)
        return reconstructed
