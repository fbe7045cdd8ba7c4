"""The size of EDVR_NoUp, the network of RealVSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mgld_bench.networks.layers.sizes import check_not_negative, check_positive

MULTIPLE: Final = 4
"""Both sides of the frames have to be multiples of it."""


@dataclass(frozen=True)
class EDVRNoUpConfig:
    """The size of an EDVR_NoUp; the default is the published one. ValueError where sizes do not fit together."""

    features: int = 64
    """Channels; HRconv and conv_last of the authors' code have 64 written in, so that their checkpoints always have 64."""
    frames: int = 3
    """Of a window, an odd number."""
    groups: int = 8
    """Of each deformable convolution; they divide the features."""
    front_blocks: int = 5
    """Residual blocks before the alignment."""
    back_blocks: int = 10
    """Residual blocks after it."""

    def __post_init__(self) -> None:
        check_positive(features=self.features, frames=self.frames, groups=self.groups)
        check_not_negative(front_blocks=self.front_blocks, back_blocks=self.back_blocks)
        if self.frames % 2 == 0:
            raise ValueError(f"frames {self.frames}: a window has an odd number of frames, with the restored one in the middle")
        if self.features % self.groups:
            raise ValueError(f"features {self.features}: have to be a multiple of groups ({self.groups})")

    @property
    def reach(self) -> int:
        """How far from a pixel, in pixels, something may change it while all displacements are 0."""
        # Twice per residual block; 10 from frame to the third level, 26 from there through the alignment, 2 in the last layers.
        return 2 * (self.front_blocks + self.back_blocks) + 38
