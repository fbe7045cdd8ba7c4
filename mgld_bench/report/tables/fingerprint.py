"""The bicubic fingerprint of a test set: whether our Bicubic, which needs no weights, agrees with the published one.

Where it does not, the LR clips, the frames or the metrics differ from those of the publication, and nothing is comparable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.published import PublishedValues
from mgld_bench.report.collect.scored import ScoredCell
from mgld_bench.report.tables.instances import BICUBIC
from mgld_bench.report.tables.numbers import format_difference, format_value, mean
from mgld_bench.report.tables.tolerances import tolerance


@dataclass(frozen=True)
class Fingerprint:
    """The result of the comparison of Bicubic, in sentences."""

    warnings: tuple[str, ...]
    findings: tuple[str, ...]
    """Where Bicubic agrees, and what this does not prove."""


def take_fingerprint(data: ReportData, cells: Sequence[ScoredCell], published: PublishedValues) -> Fingerprint:
    """Compare Bicubic with its published values, dataset by dataset."""
    warnings, findings = [], []
    for name, heading in data.dataset_headings.items():
        of_dataset = [cell for cell in cells if cell.dataset == name and cell.method == BICUBIC]
        compared = [_compare(data, cell, published) for cell in of_dataset if cell.scores and not cell.missing]
        known = [comparison for comparison in compared if comparison is not None]
        off = [comparison.text for comparison in known if not comparison.agrees]
        if off:
            warnings.append(
                f"{heading}: another instance of this test set: Bicubic is off the published values ({'; '.join(off)})."
            )
        elif known:
            agreeing = "; ".join(comparison.text for comparison in known)
            findings.append(f"{heading}: Bicubic agrees with the published values ({agreeing}).")
        else:
            warnings.append(
                f"{heading}: the bicubic fingerprint could not be taken: {_why(of_dataset)}. "
                "Whether this is the published instance of the test set is not known."
            )
    findings.append(
        f"Published values are those of {published.source}; printed beside ours, they are a comparison, not a reproduction."
    )
    return Fingerprint(tuple(warnings), tuple(findings))


@dataclass(frozen=True)
class _Comparison:
    text: str
    agrees: bool


def _compare(data: ReportData, cell: ScoredCell, published: PublishedValues) -> _Comparison | None:
    """One metric of Bicubic beside its published value; None where one of them or the tolerance is not known."""
    value = published.find(data, cell.dataset, cell.method, cell.metric)
    allowed = None if value is None else tolerance(data.short_name(cell.metric), value)
    if value is None or allowed is None:
        return None
    facts = data.metrics[cell.metric]
    ours = mean(list(cell.scores.values()))
    digits = max(2, facts.digits)
    difference = format_difference(ours - value, digits)
    text = f"{facts.title} {format_value(ours, digits)} against {format_value(value, digits)}, {difference}"
    return _Comparison(text, abs(ours - value) <= allowed)


def _why(cells: Sequence[ScoredCell]) -> str:
    if not cells:
        return "Bicubic is not in this table (add it with --methods)"
    if not any(cell.scores for cell in cells):
        return "Bicubic has not been scored"
    if all(cell.missing or not cell.scores for cell in cells):
        return "Bicubic has not been scored on every clip"
    return "no published value of Bicubic for a metric that has a tolerance"
