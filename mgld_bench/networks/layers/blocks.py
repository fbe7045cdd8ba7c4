"""Blocks that several networks are built from."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class MLP(nn.Module):
    """The feed-forward part of a transformer: two linear layers with a GELU between them.

    Args:
        channels: in and out.
        hidden: channels between the two layers.
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, hidden)
        self.fc2 = nn.Linear(hidden, channels)

    def forward(self, tokens: Tensor) -> Tensor:
        """(..., channels) in and out."""
        output: Tensor = self.fc2(functional.gelu(self.fc1(tokens)))
        return output


class ResidualBlock(nn.Module):
    """The residual block of EDSR: x + conv2(relu(conv1(x))), without normalisation or scaling.

    Lim et al., Enhanced Deep Residual Networks for Single Image Super-Resolution, CVPRW 2017.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        correction: Tensor = self.conv2(functional.relu(self.conv1(x)))
        return x + correction
