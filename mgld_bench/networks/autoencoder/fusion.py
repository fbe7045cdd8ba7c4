"""CFW, controllable feature wrapping: features of the encoder corrected into maps of the decoder."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.autoencoder.blocks import ResidualBlock
from mgld_bench.networks.autoencoder.config import AutoencoderConfig

RESIDUAL_SCALE: Final = 0.2
NEGATIVE_SLOPE: Final = 0.2


class DenseBlock(nn.Module):
    """Five 3x3 convolutions, each of which sees the input and all that came before; a fifth of the last is added to the input."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, growth, 3, padding=1)
        self.conv2 = nn.Conv2d(channels + growth, growth, 3, padding=1)
        self.conv3 = nn.Conv2d(channels + 2 * growth, growth, 3, padding=1)
        self.conv4 = nn.Conv2d(channels + 3 * growth, growth, 3, padding=1)
        self.conv5 = nn.Conv2d(channels + 4 * growth, channels, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        seen = x
        for convolution in (self.conv1, self.conv2, self.conv3, self.conv4):
            added = functional.leaky_relu(convolution(seen), NEGATIVE_SLOPE, inplace=True)
            seen = torch.cat([seen, added], dim=1)
        correction: Tensor = self.conv5(seen)
        return correction.mul_(RESIDUAL_SCALE).add_(x)


class ResidualInResidualDenseBlock(nn.Module):
    """RRDB: three dense blocks in a row, of which a fifth is added to the input."""

    def __init__(self, channels: int, growth: int) -> None:
        super().__init__()
        self.rdb1 = DenseBlock(channels, growth)
        self.rdb2 = DenseBlock(channels, growth)
        self.rdb3 = DenseBlock(channels, growth)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) in and out."""
        correction: Tensor = self.rdb3(self.rdb2(self.rdb1(x)))
        return correction.mul_(RESIDUAL_SCALE).add_(x)


class FusionLayer(nn.Module):
    """maps + weight * (what three stages make of the encoder's features and the decoder's maps together).

    MGLD-VSR has dense blocks in the middle stage, StableSR residual in residual dense blocks. Source: IceClear/StableSR.
    """

    def __init__(self, level: int, config: AutoencoderConfig) -> None:
        super().__init__()
        self.level = level
        channels = config.channels_of(level)
        block: Callable[[int, int], nn.Module] = DenseBlock if config.fusion == "dense" else ResidualInResidualDenseBlock
        self.encode_enc_1 = ResidualBlock(2 * channels, channels, shortcut_name="conv_out")
        self.encode_enc_2 = nn.Sequential(*(block(channels, config.fusion_growth) for _ in range(config.fusion_blocks)))
        self.encode_enc_3 = ResidualBlock(channels, channels)

    def forward(self, features: Tensor, maps: Tensor, weight: float) -> Tensor:
        """Features and maps of the same size, (n, channels, h, w), as is the result."""
        hidden: Tensor = self.encode_enc_1(torch.cat([features, maps], dim=1))
        hidden = self.encode_enc_2(hidden)
        hidden = self.encode_enc_3(hidden)
        return hidden.mul_(weight).add_(maps)
