"""RealBasicVSR: frames are cleaned one by one, then restored by BasicVSR."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mgld_bench.networks.basicvsr import BasicVSR, ResidualBlocksWithInputConv, frames_at_once
from mgld_bench.networks.sizes.basicvsr import BasicVSRConfig, RealBasicVSRConfig

PEAK = 255
"""White of an 8-bit frame: the refinement's threshold is in 8-bit levels."""


class RealBasicVSR(nn.Module):
    """Cleaning, repeated as long as it changes much (dynamic refinement), and BasicVSR on the cleaned frames.

    Chan et al., Investigating Tradeoffs in Real-World Video Super-Resolution, CVPR 2022; names and arithmetic as RealBasicVSRNet
    of OpenMMLab's mmediting 0.12 to mmagic 1.2 (Apache-2.0).

    Args:
        config: the size of the network.
        dynamic_refine_thres: cleaning stops once a pass changes the frames by less than this, in 8-bit levels (0 to 255),
            averaged over all frames that clean() is given; 255 means one pass.
        cleaning_passes: the largest number of passes.
    """

    def __init__(self, config: RealBasicVSRConfig, dynamic_refine_thres: float = 255, cleaning_passes: int = 3) -> None:
        super().__init__()
        mid_channels = config.mid_channels
        self.dynamic_refine_thres = dynamic_refine_thres
        self.cleaning_passes = cleaning_passes
        self.image_cleaning = nn.Sequential(
            ResidualBlocksWithInputConv(3, mid_channels, config.num_cleaning_blocks),
            nn.Conv2d(mid_channels, 3, kernel_size=3, padding=1),
        )
        self.basicvsr = BasicVSR(BasicVSRConfig(mid_channels, config.num_propagation_blocks))

    def forward(self, frames: Tensor) -> Tensor:
        """(n, t, 3, h, w) RGB in [0, 1] to (n, t, 3, 4h, 4w), not clamped; ``frames`` stay as they are."""
        restored: Tensor = self.basicvsr(torch.stack(self.clean(frames.unbind(1)), dim=1))
        return restored

    def clean(self, frames: Sequence[Tensor]) -> list[Tensor]:
        """The cleaned frames, each (n, 3, h, w), not clamped; ``frames`` stay as they are.

        As in the authors' code, the mean change is taken over all frames together, so that the number of passes depends on which
        frames are in one call; and it is checked after the frames were changed, so that there is always one pass.
        """
        cleaned = list(frames)
        for _ in range(self.cleaning_passes):
            changes = []
            together = frames_at_once(cleaned)
            for start in range(0, len(cleaned), together):
                part = cleaned[start : start + together]
                residues = self.image_cleaning(torch.cat(part).to(self._dtype)).to(part[0].dtype).chunk(len(part))
                for index, residue in enumerate(residues, start):
                    cleaned[index] = cleaned[index] + residue
                    changes.append(residue.abs().mean())
            if torch.stack(changes).mean() < self.dynamic_refine_thres / PEAK:
                break
        return cleaned

    @property
    def _dtype(self) -> torch.dtype:
        """The dtype in which the cleaning computes: that of its weights."""
        return next(self.image_cleaning.parameters()).dtype
