"""The convolutional backbone of GMFlow and UniMatch: from images to features at 1/8, or at 1/8 and 1/4, of their size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

EPSILON = 1e-5
SQUARES_AT_ONCE = 2**22
"""Values that are squared at a time for a variance, to avoid a copy of the whole map."""


class Backbone(nn.Module):
    """Images to features, from low to high resolution. Source: gmflow/backbone.py of haofeixu/gmflow (CNNEncoder).

    Args:
        channels: of the features.
        num_scales: 1: features at 1/8 of the size. 2: at 1/8 and 1/4, by one shared kernel with strides 2 and 1.
    """

    def __init__(self, channels: int = 128, num_scales: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 7, stride=2, padding=3, bias=False)
        self.layer1 = nn.Sequential(ResidualBlock(64, 64), ResidualBlock(64, 64))
        self.layer2 = nn.Sequential(ResidualBlock(64, 96, stride=2), ResidualBlock(96, 96))
        self.layer3 = nn.Sequential(ResidualBlock(96, 128, stride=2 if num_scales == 1 else 1), ResidualBlock(128, 128))
        self.conv2 = nn.Conv2d(128, channels, 1)
        self.trident_conv = nn.Conv2d(channels, channels, 3, padding=1, bias=False) if num_scales == 2 else None

    def forward(self, images: Tensor) -> list[Tensor]:
        """Normalised images (n, 3, h, w) to features (n, channels, ., .) of each scale, channels last in memory."""
        maps = instance_norm_(self.conv1(images.contiguous(memory_format=torch.channels_last))).relu_()
        features: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(maps))))
        if self.trident_conv is None:
            return [features]
        kernel = self.trident_conv.weight
        return [functional.conv2d(features, kernel, stride=stride, padding=1) for stride in (2, 1)]


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions; the branch ends in a ReLU of its own before it is added to the skip connection.

    Args:
        in_channels: of the input.
        channels: of the output.
        stride: of the first convolution and of the skip connection.
    """

    def __init__(self, in_channels: int, channels: int, stride: int = 1) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1, bias=False)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1, bias=False)
        changes = stride != 1 or in_channels != channels
        self.downsample = nn.Sequential(nn.Conv2d(in_channels, channels, 1, stride=stride)) if changes else None

    def forward(self, maps: Tensor) -> Tensor:
        """(n, in_channels, h, w) to (n, channels, h / stride, w / stride)."""
        branch = instance_norm_(self.conv1(maps)).relu_()
        branch = instance_norm_(self.conv2(branch)).relu_()
        skip = maps if self.downsample is None else instance_norm_(self.downsample(maps))
        return branch.add_(skip).relu_()


def instance_norm_(maps: Tensor) -> Tensor:
    """Instance normalisation of maps (n, c, h, w) without parameters, in place.

    PyTorch's batch normalisation, which its instance normalisation is made of, sums channels-last maps in one float32 per
    channel: on a flat picture it is off by 10 %. Here the means are float32 pairwise sums.
    """
    maps.sub_(maps.mean((2, 3), keepdim=True))
    rows = max(1, SQUARES_AT_ONCE // (maps.shape[0] * maps.shape[1] * maps.shape[3]))
    squares = torch.stack([block.square().sum((2, 3)) for block in torch.split(maps, rows, dim=2)])
    variance = squares.sum(0) / (maps.shape[2] * maps.shape[3])
    return maps.mul_((variance + EPSILON).rsqrt_()[:, :, None, None])
