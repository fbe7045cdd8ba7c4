"""The size of DBVSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mgld_bench.networks.layers.sizes import check_not_negative, check_positive

WINDOW: Final = 5
"""Frames that restore one: the middle one."""
LARGEST_KERNEL: Final = 24
"""Side of the smallest extended frame, which a kernel has to fit into."""


@dataclass(frozen=True)
class DBVSRConfig:
    """The size of a DBVSR; the default is that of the authors' files ..._e1r3.pt. ValueError for a size that cannot be.

    The authors' names for the fields: n_feat, n_cond, extra_RBS, recons_RBS, est_ksize.
    """

    features: int = 128
    condition_features: int = 64
    feature_blocks: int = 1
    """Residual blocks before the alignment; 3 in ..._e3r20.pt."""
    reconstruction_blocks: int = 3
    """Modulated residual blocks after it; 20 in ..._e3r20.pt."""
    kernel_size: int = 13
    """Side of the blur kernel in pixels of the restored frame; the smallest frames are extended to 24 pixels."""

    def __post_init__(self) -> None:
        check_positive(features=self.features, condition_features=self.condition_features, kernel_size=self.kernel_size)
        check_not_negative(feature_blocks=self.feature_blocks, reconstruction_blocks=self.reconstruction_blocks)
        if self.kernel_size > LARGEST_KERNEL:
            raise ValueError(f"kernel_size {self.kernel_size}: has to be {LARGEST_KERNEL} or less")
