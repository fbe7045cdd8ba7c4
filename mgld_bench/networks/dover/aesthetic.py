"""DOVER's aesthetic branch: ConvNeXt (tiny) inflated to 3-D.

Source: VQAssessment/DOVER (S-Lab License 1.0). Liu et al., A ConvNet for the 2020s, CVPR 2022.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.video_tokens import TokenConv3d

_EPSILON = 1e-6
_TOKENS_AT_A_TIME = 4096
"""Wide hidden layers are computed for this many tokens at a time, which keeps them in the processor's cache."""


@dataclass(frozen=True)
class AestheticConfig:
    """Sizes of the aesthetic branch; the defaults are the published ones."""

    in_channels: int = 3
    patch_size: tuple[int, int, int] = (2, 4, 4)
    """Frames, rows, columns that become one token."""
    depths: tuple[int, ...] = (3, 3, 9, 3)
    dims: tuple[int, ...] = (96, 192, 384, 768)
    temporal_kernels: tuple[int, ...] = (1, 3, 1)
    """Frames of the depthwise convolutions' kernels, repeating within each stage."""


class AestheticBackbone(nn.Module):
    """A clip's features, for inference (no stochastic depth)."""

    def __init__(self, config: AestheticConfig) -> None:
        super().__init__()
        stem = nn.Sequential(
            TokenConv3d(config.in_channels, config.dims[0], kernel_size=config.patch_size, stride=config.patch_size),
            nn.LayerNorm(config.dims[0], eps=_EPSILON),
        )
        halvings = [_halving(width, wider) for width, wider in pairwise(config.dims)]
        self.downsample_layers = nn.ModuleList([stem, *halvings])
        self.stages = nn.ModuleList(
            _stage(depth, width, config.temporal_kernels) for depth, width in zip(config.depths, config.dims, strict=True)
        )
        self.norm = nn.LayerNorm(config.dims[-1], eps=_EPSILON)

    def forward(self, clips: Tensor) -> Tensor:
        """(n, frames, height, width, 3), normalised, to (n, frames / 2, height / 32, width / 32, channels), rounded down."""
        tokens = clips
        for downsample, stage in zip(self.downsample_layers, self.stages, strict=True):
            tokens = stage(downsample(tokens))
        features: Tensor = self.norm(tokens)
        return features


class Block(nn.Module):
    """A depthwise convolution and an MLP on each token, added to the input.

    Args:
        width: channels.
        temporal_kernel: frames that the convolution sees.
    """

    def __init__(self, width: int, temporal_kernel: int) -> None:
        super().__init__()
        self.gamma = nn.Parameter(torch.zeros(width))
        self.dwconv = TokenConv3d(
            width, width, kernel_size=(temporal_kernel, 7, 7), padding=(temporal_kernel // 2, 3, 3), groups=width
        )
        self.norm = nn.LayerNorm(width, eps=_EPSILON)
        self.pwconv1 = nn.Linear(width, 4 * width)
        self.pwconv2 = nn.Linear(4 * width, width)

    def forward(self, tokens: Tensor) -> Tensor:
        """(n, time, height, width, channels) in and out."""
        output: Tensor = self.dwconv(tokens)
        width = tokens.shape[-1]
        parts = (torch.split(whole.view(-1, width), _TOKENS_AT_A_TIME) for whole in (tokens, output))
        for before, part in zip(*parts, strict=True):
            torch.addcmul(before, self.gamma, self._mlp(part), out=part)
        return output

    def _mlp(self, tokens: Tensor) -> Tensor:
        output: Tensor = self.pwconv2(functional.gelu(self.pwconv1(self.norm(tokens))))
        return output


def _halving(width: int, wider: int) -> nn.Sequential:
    """Half the rows and columns; an odd one at the end is dropped."""
    convolution = TokenConv3d(width, wider, kernel_size=(1, 2, 2), stride=(1, 2, 2))
    return nn.Sequential(nn.LayerNorm(width, eps=_EPSILON), convolution)


def _stage(depth: int, width: int, temporal_kernels: tuple[int, ...]) -> nn.Sequential:
    return nn.Sequential(*(Block(width, temporal_kernels[place % len(temporal_kernels)]) for place in range(depth)))
