"""What a report is made of: scores with their gaps and origin, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mgld_bench.cards.schemas import DatasetCard, MethodCard, ProtocolCard, ReportCard
from mgld_bench.clips.clip import Clip
from mgld_bench.metrics.metric import ClipScore, MetricFacts


@dataclass(frozen=True)
class Cell:
    """The scores behind one number of a table: one dataset, method and metric."""

    dataset: str
    method: str
    metric: str
    """Full variant name."""
    scores: Mapping[str, ClipScore]
    """Score of each scored clip by its name."""
    expected_clips: tuple[str, ...]
    """The clips that belong to the dataset; those without a score are gaps."""
    gap: str = ""
    """Why clips are missing ("" where none is)."""


@dataclass(frozen=True)
class PictureSource:
    """One clip's frames for picture strips."""

    dataset: str
    clip: str
    low_resolution: Clip
    ground_truth: Clip | None
    restored: Mapping[str, Clip]
    """By method name, in the card's order."""


@dataclass(frozen=True)
class ReportData:
    """Everything a report shows."""

    card: ReportCard
    protocol: ProtocolCard
    datasets: Mapping[str, DatasetCard]
    methods: Mapping[str, MethodCard]
    """In the order of the table; a method of the report card that has no card here is absent."""
    metrics: Mapping[str, MetricFacts]
    """By full variant name."""
    cells: tuple[Cell, ...]
    pictures: tuple[PictureSource, ...] = ()
    provenance: Mapping[str, object] = field(default_factory=dict)
    """JSON-able: versions, hardware, encoder, weights' sha256, command line: goes to run.json and under the tables."""
    footnotes: tuple[str, ...] = ()
    """Further facts to print under the table, e.g. lossy inputs."""
