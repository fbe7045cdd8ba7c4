"""The temporal layers of MGLD-VSR's U-Net, which pass on what neighbouring frames know."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mgld_bench.networks.diffusion.transformer import Attention


class TemporalMixing(nn.Module, ABC):
    """a * r + (1 - a) * x, where r is made from all frames of a clip; a is learned, and is used as it is (no sigmoid; kept).

    Images (clips * frames, channels, h, w), those of a clip one after the other, as large. ``temporal_alpha`` starts at 0, at
    which the layer does nothing.
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.temporal_alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """See the class. Raises ValueError where the rows are no whole clips."""
        if len(x) % self.frames:
            raise ValueError(f"{len(x)} images are no whole clips of {self.frames} frames")
        mixed = self.mixed(x.reshape(-1, self.frames, *x.shape[1:])).flatten(0, 1)
        return self.temporal_alpha * mixed + (1 - self.temporal_alpha) * x

    @abstractmethod
    def mixed(self, clips: Tensor) -> Tensor:
        """r for clips (n, frames, channels, h, w), as large."""


class TemporalConvolution(TemporalMixing):
    """Mixes each frame with the one before and the one after it; zeros beyond the ends."""

    def __init__(self, channels: int, frames: int) -> None:
        super().__init__(frames)
        self.temporal_conv = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))

    def mixed(self, clips: Tensor) -> Tensor:
        """See the base class."""
        convolved: Tensor = self.temporal_conv(clips.transpose(1, 2)).transpose(1, 2)
        return convolved


class TemporalAttention(TemporalMixing):
    """Mixes all frames, at each position by itself; the frames' order is not told."""

    def __init__(self, channels: int, head_channels: int, frames: int) -> None:
        super().__init__(frames)
        self.temporal_attn = Attention(channels, head_channels)
        self.norm = nn.LayerNorm(channels)

    def mixed(self, clips: Tensor) -> Tensor:
        """See the base class."""
        count, frames, channels, height, width = clips.shape
        tokens = clips.permute(0, 3, 4, 1, 2).reshape(-1, frames, channels)
        attended: Tensor = self.temporal_attn(self.norm(tokens))
        return attended.view(count, height, width, frames, channels).permute(0, 3, 4, 1, 2)
