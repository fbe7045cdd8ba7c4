"""Building blocks of the denoising U-Net and the structure encoder of StableSR and MGLD-VSR."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.layers.sizes import NORM_GROUPS

_LONGEST_PERIOD = 10000.0
_EXPANSION = 4
SPADE_CHANNELS = 128


class TimedResidualBlock(nn.Module):
    """Two convolutions that know the timestep and, with ``structure_channels``, follow a structure feature.

    SPADE comes after the last convolution, not before the first; kept, since the checkpoints were trained that way.

    Args:
        in_channels: of the input.
        channels: of the output.
        embedding_width: of the timestep's embedding.
        structure_channels: of the structure feature; None: there is none.
    """

    def __init__(self, in_channels: int, channels: int, embedding_width: int, structure_channels: int | None = None) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(GroupNorm32(in_channels), nn.SiLU(), convolution(in_channels, channels))
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding_width, channels))
        # The third place is that of a dropout, which is off; it keeps the convolution's name.
        self.out_layers = nn.Sequential(GroupNorm32(channels), nn.SiLU(), nn.Identity(), convolution(channels, channels))
        self.spade = None if structure_channels is None else SPADE(channels, structure_channels)
        self.skip_connection = nn.Identity() if in_channels == channels else nn.Conv2d(in_channels, channels, 1)

    def forward(self, x: Tensor, embedding: Tensor, structure: Tensor | None = None) -> Tensor:
        """(n, in_channels, h, w) to (n, channels, h, w).

        Args:
            x: the features.
            embedding: of the timestep, (1 or n, embedding_width).
            structure: (n, structure_channels, h, w), for blocks that follow one.
        """
        hidden: Tensor = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        hidden = self.out_layers(hidden)
        if self.spade is not None:
            hidden = self.spade(hidden, structure)
        skipped: Tensor = self.skip_connection(x)
        return hidden + skipped


class SPADE(nn.Module):
    """Normalised features, scaled and shifted at each position according to a structure feature.

    Park et al., Semantic Image Synthesis with Spatially-Adaptive Normalization, CVPR 2019. Unlike there, and in spite of its
    name, ``param_free_norm`` has a weight and a bias of its own: kept, since the checkpoints contain them.

    Args:
        channels: of the features.
        structure_channels: of the structure feature.
    """

    def __init__(self, channels: int, structure_channels: int) -> None:
        super().__init__()
        self.param_free_norm = GroupNorm32(channels)
        self.mlp_shared = nn.Sequential(convolution(structure_channels, SPADE_CHANNELS), nn.ReLU())
        self.mlp_gamma = convolution(SPADE_CHANNELS, channels)
        self.mlp_beta = convolution(SPADE_CHANNELS, channels)

    def forward(self, x: Tensor, structure: Tensor) -> Tensor:
        """``x`` (n, channels, h, w) modulated by ``structure`` (n, structure_channels, h, w)."""
        hidden = self.mlp_shared(structure)
        modulated: Tensor = self.param_free_norm(x) * (1 + self.mlp_gamma(hidden)) + self.mlp_beta(hidden)
        return modulated


class GroupNorm32(nn.GroupNorm):
    """Group normalisation in 32 groups, computed in float32 whatever the dtype of input and weights.

    Args:
        channels: of the input, a multiple of 32.
        eps: added to the variance.
    """

    def __init__(self, channels: int, eps: float = 1e-5) -> None:
        super().__init__(NORM_GROUPS, channels, eps)

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        """(n, channels, ...) in and out, in the dtype of the input."""
        # Explicit, since PyTorch keeps the mean and deviation of half-precision input in half precision.
        weight, bias = self.weight.float(), self.bias.float()
        return functional.group_norm(input.float(), self.num_groups, weight, bias, self.eps).to(input.dtype)


class Downsample(nn.Module):
    """Half the size, by a convolution of stride 2.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = convolution(channels, channels, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, ceil(h / 2), ceil(w / 2))."""
        halved: Tensor = self.op(x)
        return halved


class Upsample(nn.Module):
    """Twice the size, by nearest neighbour and a convolution.

    Args:
        channels: in and out.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = convolution(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(n, channels, h, w) to (n, channels, 2 h, 2 w)."""
        doubled: Tensor = self.conv(functional.interpolate(x, scale_factor=2.0, mode="nearest"))
        return doubled


class TimeEmbedding(nn.Sequential):
    """Timesteps as cosines and sines, then two linear layers.

    Their names are ``0`` and ``2``, as in the checkpoints of Stable Diffusion.

    Args:
        channels: of the cosines and sines; the embedding has four times as many.
    """

    def __init__(self, channels: int) -> None:
        width = _EXPANSION * channels
        super().__init__(nn.Linear(channels, width), nn.SiLU(), nn.Linear(width, width))
        self.channels = channels
        self.width = width

    def forward(self, timesteps: Tensor) -> Tensor:
        """Timesteps (n,) to (n, 4 * channels), in the dtype of the weights."""
        embedding = timestep_embedding(timesteps, self.channels).to(self.dtype)
        for layer in self:
            embedding = layer(embedding)
        return embedding

    @property
    def dtype(self) -> torch.dtype:
        """The dtype of the weights."""
        return next(self.parameters()).dtype


def timestep_embedding(timesteps: Tensor, channels: int) -> Tensor:
    """Cosines of t * 10000^(-k / half) for k = 0 ... half - 1, then the sines; half = channels / 2.

    Args:
        timesteps: (n,).
        channels: of the result, an even number.

    Returns:
        (n, channels) float32.
    """
    half = channels // 2
    exponents = -math.log(_LONGEST_PERIOD) * torch.arange(half, dtype=torch.float32, device=timesteps.device) / half
    angles = timesteps.float()[:, None] * exponents.exp()
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


def convolution(in_channels: int, channels: int, stride: int = 1) -> nn.Conv2d:
    """A 3x3 convolution with one pixel of zeros around the image."""
    return nn.Conv2d(in_channels, channels, 3, stride=stride, padding=1)
