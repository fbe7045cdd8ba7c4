"""FAST-VQA and FasterVQA: the technical quality of a video from fragments of its frames. Both have the same network.

Source: VQAssessment/FAST-VQA-and-FasterVQA (MIT). Wu et al., FAST-VQA: Efficient End-to-end Video Quality Assessment with
Fragment Sampling, ECCV 2022; Wu et al., Neighbourhood Representative Sampling for Efficient End-to-end Video Quality Assessment,
TPAMI 2023. DOVER's technical branch is the same network.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from torch import Tensor, nn

from mgld_bench.networks.dover.network import HeadConfig, QualityHead
from mgld_bench.networks.dover.technical import TechnicalBackbone, TechnicalConfig


@dataclass(frozen=True)
class FastVQAConfig:
    """Sizes of the network; the defaults are those of FAST_VQA_B_1_4.pth and FAST_VQA_3D_1_1.pth."""

    technical: TechnicalConfig = field(default_factory=TechnicalConfig)
    head: HeadConfig = field(default_factory=HeadConfig)


class FastVQA(nn.Module):
    """The network for inference; parameter names are the official ones.

    The authors' code shrinks the windows of the attention for views of other sizes than 32 frames of 224x224; this one does not,
    and is theirs for that size only.
    """

    def __init__(self, config: FastVQAConfig) -> None:
        super().__init__()
        self.fragments_backbone = TechnicalBackbone(config.technical)
        self.vqa_head = QualityHead(config.head)

    def forward(self, clips: Tensor) -> Tensor:
        """A map of raw quality, whose mean is the raw score.

        Args:
            clips: (n, 32, 224, 224, 3), float, normalised RGB.

        Returns:
            (n, time, rows, columns).
        """
        quality: Tensor = self.vqa_head(self.fragments_backbone(clips))
        return quality
