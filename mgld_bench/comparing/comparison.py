"""A comparison as plain data: differences, corrected tests, verdicts, costs, and what differs between the two sides."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from mgld_bench.comparing.common_ground import CommonGround
from mgld_bench.comparing.costs import Cost
from mgld_bench.comparing.differing import Difference
from mgld_bench.comparing.state import State
from mgld_bench.comparing.verdict import Verdict
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.statistics.paired import PairedComparison
from mgld_bench.statistics.several_sets import SetsComparison

SHOWN_CLIPS: Final = 3
"""So many of the best and worst clips are named."""


@dataclass(frozen=True)
class Line:
    """One metric on one dataset: a candidate minus its reference."""

    dataset: str
    metric: MetricFacts
    reference: str
    candidate: str
    clips: tuple[str, ...]
    missing: tuple[str, ...]
    """Clips without a score on one of the sides, each with the side that lacks it."""
    reference_mean: float
    """Over ``clips``, likewise ``candidate_mean``."""
    candidate_mean: float
    paired: PairedComparison
    p: float
    """Corrected (Holm) over all methods and datasets of this metric."""
    tests: int
    """How many these were."""
    margin: float | None
    verdict: Verdict
    within_precision: bool
    """Whether no clip's scores differ by more than the metric's promised precision."""

    @property
    def gains(self) -> dict[str, float]:
        """By clip, by how much the candidate is better (above 0) or worse, the best first."""
        sign = 1.0 if self.metric.direction == "higher" else -1.0
        found = {clip: sign * value for clip, value in zip(self.clips, self.paired.differences, strict=True)}
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def wins(self) -> int:
        """Clips on which the candidate is better."""
        return self.paired.higher if self.metric.direction == "higher" else self.paired.lower

    @property
    def losses(self) -> int:
        """Clips on which it is worse."""
        return self.paired.lower if self.metric.direction == "higher" else self.paired.higher


@dataclass(frozen=True)
class SetsLine:
    """One metric over all datasets together."""

    metric: MetricFacts
    reference: str
    candidate: str
    sets: SetsComparison
    p: float
    """Corrected (Holm) over the methods."""
    tests: int
    verdict: Verdict


@dataclass(frozen=True)
class Contest:
    """A candidate and its reference: what is the same of both, what differs, and what they cost."""

    reference: State
    candidate: State
    ground: CommonGround
    differing: tuple[Difference, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that a comparison shows."""

    contests: tuple[Contest, ...]
    lines: tuple[Line, ...]
    together: tuple[SetsLine, ...]
    """Over all datasets; none where there is only one."""
    costs: Mapping[str, Cost]
    """By the name of each method."""
    notes: tuple[str, ...]
    """What a reader should know, one line each."""
    missing: tuple[str, ...]
    """What was asked for and has no result, one line each."""
    command: str = ""
    against_all: bool = False
    """One candidate against every other method of its store."""
    headings: Mapping[str, str] = field(default_factory=dict)
    """The printed names of datasets that have a card, by their names."""

    @property
    def states(self) -> tuple[State, ...]:
        """Each once, references first where they come first."""
        every = [state for contest in self.contests for state in (contest.reference, contest.candidate)]
        return tuple({state.name: state for state in every}.values())

    @property
    def datasets(self) -> tuple[str, ...]:
        """In the order in which they come."""
        return tuple(dict.fromkeys(line.dataset for line in self.lines))

    def heading(self, dataset: str) -> str:
        """The printed name of a dataset; "clips" for clips that belong to none."""
        return self.headings.get(dataset, dataset) or "clips"

    @property
    def metrics(self) -> tuple[str, ...]:
        """Full variants, likewise."""
        return tuple(dict.fromkeys(line.metric.name for line in self.lines))

    @property
    def protocol(self) -> str:
        """The protocol of all of them; empty where it is not known."""
        return next((state.protocol for state in self.states if state.protocol), "")
