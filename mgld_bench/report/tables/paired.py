"""Differences between methods, clip by clip: what differs between clips cancels out, so that far smaller ones can be seen."""

from __future__ import annotations

from dataclasses import dataclass

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.scored import ScoredCell
from mgld_bench.report.tables.numbers import format_difference
from mgld_bench.statistics.intervals import paired_difference


@dataclass(frozen=True)
class Paired:
    """The mean over clips of a method's score minus that of another one on the same clip."""

    mean: float
    low: float | None
    """The ends of its 95% interval; None for too few clips."""
    high: float | None
    clips: int
    """How many clips both methods have."""

    @property
    def contains_zero(self) -> bool:
        """Whether the interval is known and contains 0: then the difference may be chance."""
        return self.low is not None and self.high is not None and self.low <= 0 <= self.high

    def text(self, digits: int) -> str:
        """In words: "+0.33 [0.10, 0.56]"."""
        mean = format_difference(self.mean, digits)
        if self.low is None or self.high is None:
            return mean
        return f"{mean} [{format_difference(self.low, digits)}, {format_difference(self.high, digits)}]"


def baseline_of(data: ReportData) -> str:
    """The method to which differences are taken: that of the report card where it is shown, else the first."""
    asked = data.card.table.baseline
    return asked if asked in data.methods else next(iter(data.methods))


def paired_to(cell: ScoredCell, other: ScoredCell) -> Paired | None:
    """The difference of a cell to another one of the same line; None for itself, and where no clip has finite scores of both."""
    if cell.method == other.method:
        return None
    found = paired_difference(cell.scores, other.scores)
    if found is None:
        return None
    low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
    return Paired(found.mean, low, high, found.count)
