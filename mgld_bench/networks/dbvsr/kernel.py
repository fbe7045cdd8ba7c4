"""DBVSR's estimate of the blur of a frame."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn

_CHANNELS: Final = 64
_HIDDEN: Final = 1000


class KernelEstimation(nn.Module):
    """The blur kernel of a frame: residual blocks, the frame pooled to the size of a kernel, more of them, a softmax.

    Source: code/model/kernel.py of csbhr/Deep-Blind-VSR (MIT).
    """

    def __init__(self, kernel_size: int) -> None:
        super().__init__()
        self.kernel_size = kernel_size
        self.in_conv = nn.Sequential(_convolution(3, _CHANNELS))
        self.body1 = nn.Sequential(ChannelAttentionBlock(_CHANNELS), ChannelAttentionBlock(_CHANNELS))
        self.pool = nn.AdaptiveAvgPool2d(kernel_size)
        self.body2 = nn.Sequential(
            ChannelAttentionBlock(_CHANNELS),
            ChannelAttentionBlock(_CHANNELS),
            _convolution(_CHANNELS, _CHANNELS // 2),
            _convolution(_CHANNELS // 2, 1),
        )
        self.fc_net = nn.Sequential(nn.Linear(kernel_size**2, _HIDDEN), nn.Linear(_HIDDEN, kernel_size**2))

    def forward(self, frames: Tensor) -> Tensor:
        """The kernels (n, 1, kernel_size, kernel_size) of ``frames`` (n, 3, h, w), RGB in [0, 1]: positive, of sum 1."""
        pooled = self.body2(self.pool(self.body1(self.in_conv(frames))))
        kernels: Tensor = self.fc_net(pooled.flatten(1)).softmax(dim=1)
        return kernels.view(-1, 1, self.kernel_size, self.kernel_size)


class ChannelAttentionBlock(nn.Module):
    """RCAB of RCAN: a residual block whose correction is weighted per channel; (n, channels, h, w) in and out."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(channels, channels), nn.ReLU(), _convolution(channels, channels), ChannelAttention(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """The input plus the weighted correction."""
        correction: Tensor = self.body(x)
        return x + correction


class ChannelAttention(nn.Module):
    """Each channel times a weight in (0, 1) that follows from the means of all channels."""

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1), nn.ReLU(), nn.Conv2d(channels // reduction, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """The weighted channels."""
        weights: Tensor = self.conv_du(x.mean(dim=(2, 3), keepdim=True))
        return x * weights


def _convolution(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)
