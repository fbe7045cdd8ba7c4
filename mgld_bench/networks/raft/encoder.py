"""RAFT's two encoders: an image at 1/8 of its size."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor, nn

Norm = Callable[[int], nn.Module]
"""Makes the normalisation for a number of channels."""


class Encoder(nn.Module):
    """Six residual blocks between a strided 7x7 and a 1x1 convolution: images to features at 1/8 of their size.

    Names as in princeton-vl/RAFT (core/extractor.py, BasicEncoder).

    Args:
        out_channels: of the features.
        norm: makes the normalisation for a number of channels.
    """

    def __init__(self, out_channels: int, norm: Norm) -> None:
        super().__init__()
        self.norm1 = norm(64)
        self.conv1 = nn.Conv2d(3, 64, kernel_size=7, stride=2, padding=3)
        self.relu = nn.ReLU(inplace=True)
        self.layer1 = nn.Sequential(ResidualBlock(64, 64, 1, norm), ResidualBlock(64, 64, 1, norm))
        self.layer2 = nn.Sequential(ResidualBlock(64, 96, 2, norm), ResidualBlock(96, 96, 1, norm))
        self.layer3 = nn.Sequential(ResidualBlock(96, 128, 2, norm), ResidualBlock(128, 128, 1, norm))
        self.conv2 = nn.Conv2d(128, out_channels, kernel_size=1)

    def forward(self, images: Tensor) -> Tensor:
        """(n, 3, h, w), both sides multiples of 8, to (n, out_channels, h / 8, w / 8)."""
        x = self.relu(self.norm1(self.conv1(images)))
        features: Tensor = self.conv2(self.layer3(self.layer2(self.layer1(x))))
        return features


class ResidualBlock(nn.Module):
    """Two 3x3 convolutions with normalisation, and the input added; a strided block projects its input.

    The official files hold the projection's normalisation under two names, norm3 and downsample.1; it is one module here too.

    Args:
        in_channels: of the input.
        out_channels: of the output.
        stride: of the first convolution.
        norm: makes the normalisation for a number of channels.
    """

    def __init__(self, in_channels: int, out_channels: int, stride: int, norm: Norm) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, kernel_size=3, padding=1, stride=stride)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.norm1 = norm(out_channels)
        self.norm2 = norm(out_channels)
        self.downsample: nn.Module | None = None
        if stride > 1:
            self.norm3 = norm(out_channels)
            self.downsample = nn.Sequential(nn.Conv2d(in_channels, out_channels, kernel_size=1, stride=stride), self.norm3)

    def forward(self, x: Tensor) -> Tensor:
        """(n, in_channels, h, w) to (n, out_channels, h / stride, w / stride)."""
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.relu(self.norm2(self.conv2(y)))
        if self.downsample is not None:
            x = self.downsample(x)
        added: Tensor = self.relu(x + y)
        return added
