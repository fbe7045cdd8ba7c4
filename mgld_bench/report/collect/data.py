"""What a report shows, as plain data: scores with their gaps and provenance, and the names printed for them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from mgld_bench.cards.schemas import DatasetCard, MethodCard, ProtocolCard, ReportCard
from mgld_bench.clips.clip import Clip
from mgld_bench.engine.origins import Made, Origin
from mgld_bench.engine.store import RecordedRun
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.report.collect.published_sets import PublishedSet
from mgld_bench.restoring.record import RestoreRecord

if TYPE_CHECKING:
    from mgld_bench.restoring.profiling import ProfileResult


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
    made: Mapping[str, Made] = field(default_factory=dict)
    """Where each score was made, by clip."""
    unpublished: bool = False
    """Whether clips are missing because something of the method was never published, so that nobody can score them."""


@dataclass(frozen=True)
class PictureSource:
    """One clip's frames for players and pictures."""

    dataset: str
    clip: str
    low_resolution: Clip | None
    """None where restored clips were given without their LR."""
    ground_truth: Clip | None
    restored: Mapping[str, Clip]
    """By method name, in the card's order."""
    records: Mapping[str, RestoreRecord] = field(default_factory=dict)
    """How each of them was made, by method name."""
    digests: Mapping[str, str] = field(default_factory=dict)
    """Of the frames as they are recorded, by side (LR, GT, a method's name); those that are absent have to be computed."""

    @property
    def full(self) -> Clip:
        """The clip of full size: the ground truth, or a restored clip where there is none."""
        return self.ground_truth or next(iter(self.restored.values()))

    @property
    def lr(self) -> Clip:
        """The LR clip, for pictures that cannot do without. Raises InputError where it was not given."""
        if self.low_resolution is None:
            raise InputError(f"clip {self.clip}: its LR was not given")
        return self.low_resolution


@dataclass(frozen=True)
class MeasuredCost:
    """What one method cost at one size."""

    method: str
    size: str
    """WIDTHxHEIGHT of the LR input."""
    result: ProfileResult
    weights: str
    """Which weights it ran with, in words."""
    origin: Origin
    measured_at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True)
class ReportData:
    """Everything that a report shows."""

    card: ReportCard
    protocol: ProtocolCard
    datasets: Mapping[str, DatasetCard]
    methods: Mapping[str, MethodCard]
    """In the order of the table; a method of the report card that has no card here is absent."""
    metrics: Mapping[str, MetricFacts]
    """By full variant name."""
    cells: tuple[Cell, ...]
    pictures: tuple[PictureSource, ...] = ()
    runs: Mapping[int, RecordedRun] = field(default_factory=dict)
    """The runs that made the scores, by their numbers."""
    command: str = ""
    """The command that asked for the report."""
    footnotes: tuple[str, ...] = ()
    """Further facts to print under the table, such as lossy inputs."""
    figure_files: Mapping[str, Path] = field(default_factory=dict)
    """Files that the card's figures read, by how the card names them; absent where there is no such file."""
    costs: tuple[MeasuredCost, ...] = ()
    """Of a table of costs: those that were measured, method by method."""
    instances: Mapping[str, str] = field(default_factory=dict)
    """By dataset, what sets its LR apart from that of its card, such as "existing LR"; absent where nothing does."""
    published_sets: tuple[PublishedSet, ...] = ()
    """Every published set that there is: by their rows known copies of test sets are recognised."""

    @property
    def has_table(self) -> bool:
        """Whether there are numbers to print; a card of figures may ask for none."""
        return bool(self.cells) or self.card.costs is not None or not self.card.figures

    @property
    def dataset_headings(self) -> dict[str, str]:
        """The printed name of each dataset, by its name, with what sets its LR apart; no two are alike."""
        return _distinct({name: self._marked(name, card.heading) for name, card in self.datasets.items()})

    def dataset_name(self, dataset: str) -> str:
        """The dataset's name for files that scripts read, with what sets its LR apart."""
        return self._marked(dataset, dataset)

    def _marked(self, dataset: str, text: str) -> str:
        return f"{text} ({self.instances[dataset]})" if dataset in self.instances else text

    @property
    def method_headings(self) -> dict[str, str]:
        """The printed name of each method, by its name; no two are alike."""
        return _distinct({name: card.heading for name, card in self.methods.items()})

    @property
    def metric_headings(self) -> dict[str, str]:
        """The printed name of each metric, by its full variant name; no two are alike."""
        return _distinct({name: facts.title for name, facts in self.metrics.items()})

    def short_name(self, metric: str) -> str:
        """The protocol's short name of a variant; the variant where it has none."""
        return next((short for short, full in self.protocol.metrics.items() if full == metric), metric)


def _distinct(headings: Mapping[str, str]) -> dict[str, str]:
    """The headings, with the name in brackets where several things have the same one."""
    uses = Counter(headings.values())
    return {name: heading if uses[heading] == 1 else f"{heading} ({name})" for name, heading in headings.items()}
