"""The temporal layers of MGLD-VSR's U-Net, through which neighbouring frames exchange information."""

from __future__ import annotations

from abc import ABC, abstractmethod

import torch
from torch import Tensor, nn

from mgld_bench.networks.diffusion.transformer import Attention


class TemporalMixing(nn.Module, ABC):
    """a * r + (1 - a) * x, where r is computed from all frames of a clip, and a is learned and used as it is (kept: no sigmoid).

    ``temporal_alpha`` starts at 0, at which the layer does nothing. Source: IanYeung/MGLD-VSR; Yang et al., Motion-Guided Latent
    Diffusion for Temporally Consistent Real-world Video Super-resolution, ECCV 2024.

    Args:
        frames: of a clip.
    """

    def __init__(self, frames: int) -> None:
        super().__init__()
        self.frames = frames
        self.temporal_alpha = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """Images (clips * frames, channels, h, w), those of a clip one after the other, in and out.

        Raises:
            ValueError: the images are not whole clips.
        """
        if len(x) % self.frames:
            raise ValueError(f"{len(x)} images are not whole clips of {self.frames} frames")
        mixed = self.mixed(x.reshape(-1, self.frames, *x.shape[1:])).flatten(0, 1)
        return self.temporal_alpha * mixed + (1 - self.temporal_alpha) * x

    @abstractmethod
    def mixed(self, clips: Tensor) -> Tensor:
        """r for clips (n, frames, channels, h, w), of the same shape."""


class TemporalConvolution(TemporalMixing):
    """Mixes each frame with the one before and the one after it; zeros beyond the ends.

    Args:
        channels: of the images.
        frames: of a clip.
    """

    def __init__(self, channels: int, frames: int) -> None:
        super().__init__(frames)
        self.temporal_conv = nn.Conv3d(channels, channels, (3, 1, 1), padding=(1, 0, 0))

    def mixed(self, clips: Tensor) -> Tensor:
        """Each frame from itself and its neighbours."""
        convolved: Tensor = self.temporal_conv(clips.transpose(1, 2)).transpose(1, 2)
        return convolved


class TemporalAttention(TemporalMixing):
    """Mixes all frames, at each position separately; the layer does not know the order of the frames.

    Args:
        channels: of the images.
        head_channels: of each attention head.
        frames: of a clip.
    """

    def __init__(self, channels: int, head_channels: int, frames: int) -> None:
        super().__init__(frames)
        self.temporal_attn = Attention(channels, head_channels)
        self.norm = nn.LayerNorm(channels)

    def mixed(self, clips: Tensor) -> Tensor:
        """Each frame from all frames."""
        count, frames, channels, height, width = clips.shape
        tokens = clips.permute(0, 3, 4, 1, 2).reshape(-1, frames, channels)
        attended: Tensor = self.temporal_attn(self.norm(tokens))
        return attended.view(count, height, width, frames, channels).permute(0, 3, 4, 1, 2)
