"""DOVER: the quality of a video as judged by two branches, a technical and an aesthetic one.

Source: VQAssessment/DOVER (S-Lab License 1.0). Wu et al., Exploring Video Quality Assessment on User Generated Contents from
Aesthetic and Technical Perspectives, ICCV 2023.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn
from torch.nn import functional

from mgld_bench.networks.dover.aesthetic import AestheticBackbone, AestheticConfig
from mgld_bench.networks.dover.technical import TechnicalBackbone, TechnicalConfig
from mgld_bench.networks.layers.video_tokens import TokenConv3d


@dataclass(frozen=True)
class HeadConfig:
    """Sizes of each head."""

    in_channels: int = 768
    hidden_channels: int = 64


@dataclass(frozen=True)
class DoverConfig:
    """Sizes of the network; the defaults are those of DOVER.pth."""

    technical: TechnicalConfig = field(default_factory=TechnicalConfig)
    aesthetic: AestheticConfig = field(default_factory=AestheticConfig)
    head: HeadConfig = field(default_factory=HeadConfig)


class DOVER(nn.Module):
    """Both branches, each with its head, for inference; parameter names are those of DOVER.pth.

    A branch takes clips (n, frames, height, width, 3), float normalised RGB, and returns a map (n, time, rows, columns) of raw
    quality, the mean of which is the branch's raw score.
    """

    def __init__(self, config: DoverConfig) -> None:
        super().__init__()
        self.technical_backbone = TechnicalBackbone(config.technical)
        self.aesthetic_backbone = AestheticBackbone(config.aesthetic)
        self.technical_head = QualityHead(config.head)
        self.aesthetic_head = QualityHead(config.head)

    def technical(self, clips: Tensor) -> Tensor:
        """The map of technical quality of views made of fragments."""
        quality: Tensor = self.technical_head(self.technical_backbone(clips))
        return quality

    def aesthetic(self, clips: Tensor) -> Tensor:
        """The map of aesthetic quality of views of whole frames."""
        quality: Tensor = self.aesthetic_head(self.aesthetic_backbone(clips))
        return quality


class QualityHead(nn.Module):
    """The head of one branch."""

    def __init__(self, config: HeadConfig) -> None:
        super().__init__()
        self.fc_hid = TokenConv3d(config.in_channels, config.hidden_channels, kernel_size=1)
        self.fc_last = TokenConv3d(config.hidden_channels, 1, kernel_size=1)

    def forward(self, features: Tensor) -> Tensor:
        """A branch's features (n, time, rows, columns, channels) to its map (n, time, rows, columns)."""
        quality: Tensor = self.fc_last(functional.gelu(self.fc_hid(features)))
        return quality.squeeze(-1)
