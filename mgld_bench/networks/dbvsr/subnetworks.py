"""DBVSR's two subnetworks: the estimation of a frame's blur, and the reconstruction modulated by a condition."""

from __future__ import annotations

from typing import Final

from torch import Tensor, nn
from torch.nn import functional

_CHANNELS: Final = 64
_HIDDEN: Final = 1000


class KernelEstimation(nn.Module):
    """The blur kernel of a frame: residual blocks, the frame pooled to the size of a kernel, more of them, a softmax.

    Source: code/model/kernel.py of csbhr/Deep-Blind-VSR (MIT).

    Args:
        kernel_size: side of the kernel, in pixels of the restored frame.
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
        """(n, 3, h, w) RGB in [0, 1] to kernels (n, 1, kernel_size, kernel_size): positive, summing to 1."""
        pooled = self.body2(self.pool(self.body1(self.in_conv(frames))))
        kernels: Tensor = self.fc_net(pooled.flatten(1)).softmax(dim=1)
        return kernels.view(-1, 1, self.kernel_size, self.kernel_size)


class ChannelAttentionBlock(nn.Module):
    """RCAB of RCAN: a residual block whose correction is weighted per channel.

    Args:
        channels: in and out, at least 16.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _convolution(channels, channels), nn.ReLU(), _convolution(channels, channels), ChannelAttention(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        correction: Tensor = self.body(x)
        return x + correction


class ChannelAttention(nn.Module):
    """Each channel times a weight in (0, 1) that depends on the means of all channels.

    Args:
        channels: in and out.
        reduction: of the channels between the two layers that compute the weights.
    """

    def __init__(self, channels: int, reduction: int = 16) -> None:
        super().__init__()
        self.conv_du = nn.Sequential(
            nn.Conv2d(channels, channels // reduction, 1), nn.ReLU(), nn.Conv2d(channels // reduction, channels, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        weights: Tensor = self.conv_du(x.mean(dim=(2, 3), keepdim=True))
        return x * weights


def _convolution(before: int, after: int) -> nn.Conv2d:
    return nn.Conv2d(before, after, 3, padding=1)


_SLOPE: Final = 0.1


class Modulation(nn.Module):
    """Spatial feature transform (SFT): features times (1 + scale) plus shift, both computed from the condition at each pixel.

    Wang et al., Recovering Realistic Texture in Image Super-resolution by Deep Spatial Feature Transform, CVPR 2018. Names as in
    code/model/blocks.py of csbhr/Deep-Blind-VSR (MIT).

    Args:
        features: channels of the features.
        condition_features: channels of the condition.
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
    """A residual block with a modulation before either convolution.

    Args:
        features: channels of the features.
        condition_features: channels of the condition.
    """

    def __init__(self, features: int, condition_features: int) -> None:
        super().__init__()
        self.sft0 = Modulation(features, condition_features)
        self.conv0 = nn.Conv2d(features, features, 3, padding=1)
        self.sft1 = Modulation(features, condition_features)
        self.conv1 = nn.Conv2d(features, features, 3, padding=1)

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``x`` (n, features, h, w) in and out, given ``condition`` (n, condition_features, h, w)."""
        hidden = functional.relu(self.conv0(self.sft0(x, condition)))
        correction: Tensor = self.conv1(self.sft1(hidden, condition))
        return x + correction


class Reconstruction(nn.ModuleList):
    """Modulated blocks, a modulation and a convolution, under the numbers 0, 1, 2 ...

    Args:
        features: channels of the features.
        condition_features: channels of the condition.
        blocks: number of modulated blocks.
    """

    def __init__(self, features: int, condition_features: int, blocks: int) -> None:
        modulated = [ModulatedBlock(features, condition_features) for _ in range(blocks)]
        super().__init__([*modulated, Modulation(features, condition_features), nn.Conv2d(features, features, 3, padding=1)])

    def forward(self, x: Tensor, condition: Tensor) -> Tensor:
        """``x`` (n, features, h, w) in and out, given ``condition`` (n, condition_features, h, w)."""
        *modulations, convolution = self
        for modulation in modulations:
            x = modulation(x, condition)
        reconstructed: Tensor = convolution(x)
        return reconstructed
