"""The compact network of Real-ESRGAN (SRVGGNetCompact), x4."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class SRVGGNetCompact(nn.Module):
    """A chain of 3x3 convolutions and PReLUs, a pixel shuffle, plus the input enlarged by nearest neighbour.

    Parameter names are the official ones: ``body.0.weight`` ... Source: xinntao/Real-ESRGAN (BSD-3-Clause).

    Args:
        features: channels of the convolutions.
        middle_convolutions: convolutions between the first and the last one.
        scale: of the enlargement.
    """

    def __init__(self, features: int = 64, middle_convolutions: int = 16, scale: int = 4) -> None:
        super().__init__()
        layers: list[nn.Module] = [_convolution(3, features), nn.PReLU(features)]
        for _ in range(middle_convolutions):
            layers += [_convolution(features, features), nn.PReLU(features)]
        layers.append(_convolution(features, 3 * scale**2))
        self.body = nn.Sequential(*layers)
        self.scale = scale

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """(n, 3, h, w) RGB in [0, 1] to (n, 3, scale * h, scale * w), not clamped."""
        residual = functional.pixel_shuffle(self.body(images), self.scale)
        return residual + functional.interpolate(images, scale_factor=self.scale, mode="nearest")


def _convolution(in_channels: int, out_channels: int) -> nn.Conv2d:
    return nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1)
