"""Which pairs a dataset needs, which of them are built, and their keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import DatasetCard, DegradationCard
from mgld_bench.errors import InputError


@dataclass(frozen=True)
class PlannedPair:
    """One pair of a dataset, built or not."""

    dataset: str
    clip: str
    degradation_name: str
    key: str
    frames: int
    height: int
    width: int
