"""The embedding of diffusion timesteps."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

LONGEST_PERIOD = 10000.0
EXPANSION = 4


class TimeEmbedding(nn.Sequential):
    """Timesteps (n,) as cosines and sines, then two linear layers: (n, 4 * channels), in the type of the weights.

    Names ``0`` and ``2`` below it, as in the checkpoints of Stable Diffusion.
    """

    def __init__(self, channels: int) -> None:
        width = EXPANSION * channels
        super().__init__(nn.Linear(channels, width), nn.SiLU(), nn.Linear(width, width))
        self.channels = channels
        self.width = width

    def forward(self, timesteps: Tensor) -> Tensor:
        """See the class."""
        embedding = waves(timesteps, self.channels).to(self.dtype)
        for layer in self:
            embedding = layer(embedding)
        return embedding

    @property
    def dtype(self) -> torch.dtype:
        """Of the weights."""
        return next(self.parameters()).dtype


def waves(timesteps: Tensor, channels: int) -> Tensor:
    """(n, channels) float32: cosines of t * 10000^(-k / half) for k = 0 ... half - 1, then the sines; half = channels / 2."""
    half = channels // 2
    exponents = -math.log(LONGEST_PERIOD) * torch.arange(half, dtype=torch.float32, device=timesteps.device) / half
    angles = timesteps.float()[:, None] * exponents.exp()
    return torch.cat([angles.cos(), angles.sin()], dim=-1)
