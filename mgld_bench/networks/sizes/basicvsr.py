"""The sizes of BasicVSR and RealBasicVSR."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from mgld_bench.networks.layers.sizes import check_not_negative, check_positive

UPSAMPLED_CHANNELS: Final = 64
"""Channels at four times the size, whatever ``mid_channels`` is."""
FLOW_MULTIPLE: Final = 32
"""SPyNet resizes its images to multiples of this: its coarsest level is 1/32 of them."""


@dataclass(frozen=True)
class BasicVSRConfig:
    """The size of a BasicVSR; the default is the published one. ValueError for a size that cannot be."""

    mid_channels: int = 64
    """Channels of the features."""
    num_blocks: int = 30
    """Residual blocks of each of the two recurrences."""

    def __post_init__(self) -> None:
        check_positive(mid_channels=self.mid_channels)
        check_not_negative(num_blocks=self.num_blocks)


@dataclass(frozen=True)
class RealBasicVSRConfig:
    """The size of a RealBasicVSR; the default is the published one. ValueError for a size that cannot be."""

    mid_channels: int = 64
    """Channels of all features."""
    num_propagation_blocks: int = 20
    """Residual blocks of each of the two recurrences."""
    num_cleaning_blocks: int = 20
    """Residual blocks of the cleaning network."""

    def __post_init__(self) -> None:
        check_positive(mid_channels=self.mid_channels)
        check_not_negative(num_propagation_blocks=self.num_propagation_blocks, num_cleaning_blocks=self.num_cleaning_blocks)
