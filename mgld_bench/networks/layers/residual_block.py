"""The residual block of EDSR, from which many restoration networks are built."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional


class ResidualBlock(nn.Module):
    """x + conv2(relu(conv1(x))), no normalisation, no scaling; (n, channels, h, w) in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, channels, 3, padding=1)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """The input plus the correction."""
        correction: Tensor = self.conv2(functional.relu(self.conv1(x)))
        return x + correction
