"""RealBasicVSR: frames are cleaned one by one, then restored by BasicVSR."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mgld_bench.networks.basicvsr import BasicVSR, ResidualBlocksWithInputConv

LEVELS = 255
"""The threshold of the refinement is in levels of 8-bit frames."""


class RealBasicVSR(nn.Module):
    """Cleaning, repeated as long as it changes much (dynamic refinement), and BasicVSR on the cleaned frames.

    Chan et al., Investigating Tradeoffs in Real-World Video Super-Resolution, CVPR 2022; names and arithmetic as RealBasicVSRNet
    of OpenMMLab's mmediting 0.12 to mmagic 1.2 (Apache-2.0).
    """

    def __init__(
        self,
        mid_channels: int = 64,
        num_propagation_blocks: int = 20,
        num_cleaning_blocks: int = 20,
        dynamic_refine_thres: float = 255,
        cleaning_passes: int = 3,
    ) -> None:
        """mid_channels: channels of all features. num_*_blocks: residual blocks of each recurrence, and of the cleaning.

        dynamic_refine_thres: cleaning ends when it changes the frames by less, in levels of 0 ... 255, averaged over all that
        clean() is given; 255 stands for no refinement. cleaning_passes: it also ends after as many passes.
        """
        super().__init__()
        self.dynamic_refine_thres = dynamic_refine_thres
        self.cleaning_passes = cleaning_passes
        self.image_cleaning = nn.Sequential(
            ResidualBlocksWithInputConv(3, mid_channels, num_cleaning_blocks),
            nn.Conv2d(mid_channels, 3, kernel_size=3, padding=1),
        )
        self.basicvsr = BasicVSR(mid_channels, num_propagation_blocks)

    def forward(self, frames: Tensor) -> Tensor:
        """(n, t, 3, h, w) RGB in [0, 1] -> (n, t, 3, 4h, 4w), not clamped. ``frames`` stay as they are."""
        restored: Tensor = self.basicvsr(torch.stack(self.clean(frames.unbind(1)), dim=1))
        return restored

    def clean(self, frames: Sequence[Tensor]) -> list[Tensor]:
        """The cleaned frames, each (n, 3, h, w), not clamped; ``frames`` stay as they are.

        As the authors do, the mean change is taken over all frames together, so the number of passes depends on which frames are
        in one call; and it is looked at after the frames were changed, so that there is always one pass.
        """
        cleaned = list(frames)
        for _ in range(self.cleaning_passes):
            changes = []
            for index, frame in enumerate(cleaned):
                residue = self.image_cleaning(frame.to(self._dtype)).to(frame.dtype)
                cleaned[index] = frame + residue
                changes.append(residue.abs().mean())
            if torch.stack(changes).mean() < self.dynamic_refine_thres / LEVELS:
                break
        return cleaned

    @property
    def _dtype(self) -> torch.dtype:
        """The type in which the cleaning computes; that of its weights."""
        return next(self.image_cleaning.parameters()).dtype
