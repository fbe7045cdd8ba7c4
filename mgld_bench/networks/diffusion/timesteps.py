"""What the networks of StableSR and MGLD-VSR are given of a timestep."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

_LONGEST_PERIOD = 10000.0
_EXPANSION = 4


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


@dataclass(frozen=True)
class PackedEmbedding:
    """What the residual blocks of a network make of a timestep, side by side."""

    values: Tensor
    """(1 or n, channels of all blocks)."""
    columns: Mapping[nn.Module, slice]
    """Where each block's are."""

    def of(self, block: nn.Module) -> Tensor:
        """(1 or n, channels of the block)."""
        return self.values[:, self.columns[block]]
