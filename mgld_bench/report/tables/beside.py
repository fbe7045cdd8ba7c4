"""The rows of a published set beside a table of ours: its value below each of ours, and its whole columns below the table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.published_rows import PublishedRow
from mgld_bench.report.collect.published_sets import PublishedSet
from mgld_bench.report.collect.scored import ScoredCell
from mgld_bench.report.tables.instances import Instance, known_instances
from mgld_bench.report.tables.numbers import GAP

UNCHECKED: Final = "°"
"""Behind a value that was read in one copy only."""
UNLIKE: Final = "≠"
"""Behind a value of another metric variant or of other frames than ours."""
IN_WORDS: Final[Mapping[str, str]] = {UNCHECKED: "unchecked", UNLIKE: "other variant or frames"}
"""The signs as a field of a CSV file."""
SIGNS: Final[Mapping[str, str]] = {
    UNCHECKED: "read in one copy of the publication, unchecked: a digit may be wrong",
    UNLIKE: "another metric variant or other frames than ours: no difference is taken",
}


@dataclass(frozen=True)
class Beside:
    """A published value beside one of ours."""

    value: float
    signs: tuple[str, ...]

    @property
    def alike(self) -> bool:
        """Whether it is of the same metric variant and frames."""
        return UNLIKE not in self.signs


@dataclass(frozen=True)
class PublishedBlock:
    """What a publication prints of one dataset, for the metrics of our table: a line per method, ours or not."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    """The method as the publication calls it, and a value per column with its signs."""

    @property
    def in_words(self) -> str:
        """The whole block as a sentence."""
        rows = [
            f"{method}: {', '.join(f'{title} {text}' for title, text in zip(self.columns, values, strict=True))}"
            for method, values in self.rows
        ]
        return f"{self.title}: {'; '.join(rows)}."


def beside(data: ReportData, one: PublishedSet, dataset: str, method: str, metric: str) -> Beside | None:
    """The published value of a cell of ours; None where there is none for this method card."""
    row = _row(data, one, dataset, one.cards.get(method, ""), metric)
    return None if row is None else Beside(one.ours(row), _signs(data, one, row, metric))


def blocks(data: ReportData, one: PublishedSet, lines: Sequence[tuple[str, str]]) -> tuple[PublishedBlock, ...]:
    """The published columns of each dataset of the table, whose (dataset, metric) lines are ``lines``."""
    found = []
    for dataset in data.datasets:
        rows = one.of_dataset(_names(data, dataset))
        methods = dict.fromkeys(row.method for row in rows)
        metrics = [metric for name, metric in lines if name == dataset]
        printed = {
            metric: {method: row for method in methods if (row := _row(data, one, dataset, method, metric))} for metric in metrics
        }
        shown = [metric for metric in metrics if printed[metric]]
        if shown:
            tables = ", ".join(dict.fromkeys(row.table for row in rows if row.table))
            found.append(
                PublishedBlock(
                    f"{data.dataset_headings[dataset]} as published in {one.heading}{f', {tables}' if tables else ''}",
                    tuple(data.metric_headings[metric] for metric in shown),
                    tuple(
                        (method, tuple(_text(data, one, printed[metric].get(method), metric) for metric in shown))
                        for method in methods
                        if any(method in printed[metric] for metric in shown)
                    ),
                )
            )
    return tuple(found)


def beside_notes(data: ReportData, one: PublishedSet, lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """What sets the published numbers apart from ours: the source, the protocol, the variants, the frames."""
    notes = [f"Published values are those of {one.cite}; printed beside ours, they are a comparison, not a reproduction."]
    notes += [f"{one.title}: {one.notes}"] if one.notes else []
    if one.protocol != data.protocol.name:
        under = f"are under protocol {one.protocol}" if one.protocol else "have no protocol card"
        notes.append(f"Its numbers {under}; ours are under {data.protocol.name}.")
    unlike = {}
    for metric in dict.fromkeys(metric for _, metric in lines):
        short = _short(data, one, metric)
        if short and one.variants[short] != metric:
            unlike[data.metric_headings[metric]] = f"{one.variants[short]} there, {metric} here"
    notes += [f"{UNLIKE} {title}: {text}." for title, text in unlike.items()]
    if not one.same_frames(data.protocol):
        notes.append(f"{UNLIKE} {one.selection} there, {data.protocol.selection} here.")
    shorts = {_short(data, one, metric) for _, metric in lines}
    assumed = [short for short in one.assumed if short in shorts]
    if assumed:
        notes.append(f"Its source does not state how {', '.join(assumed)} were computed; the variants are assumed.")
    return tuple(notes)


def instance_warnings(data: ReportData, cells: Sequence[ScoredCell], one: PublishedSet) -> tuple[str, ...]:
    """Per dataset of which the set has rows: that ours is another copy than the published one, or that nobody can tell."""
    warnings = []
    for dataset, heading in data.dataset_headings.items():
        found = [known for known in known_instances(data, cells, dataset) if known.published.name == one.name]
        warnings += [text for known in found if (text := _warning(heading, known))]
    return tuple(warnings)


def _warning(heading: str, known: Instance) -> str:
    if known.verdict == "other":
        run = ", or the method was run differently" if known.network else ""
        return f"{heading}: another instance of this test set than that of {known.heading}{run} ({known.compared})."
    if known.verdict == "unknown":
        return (
            f"{heading}: whether this is the test set of {known.heading} is not known: none of its rows is of a method, a metric "
            "variant and frames that are here."
        )
    return ""


def _names(data: ReportData, dataset: str) -> tuple[str, str]:
    return dataset, data.datasets[dataset].heading


def _short(data: ReportData, one: PublishedSet, metric: str) -> str:
    """The set's short name of what it prints in place of our metric: of the same variant, else of the same short name."""
    same = [short for short, full in one.variants.items() if full == metric and short in one.shorts.values()]
    ours = data.short_name(metric)
    return next(iter(same), ours if ours in one.shorts.values() else "")


def _row(data: ReportData, one: PublishedSet, dataset: str, method: str, metric: str) -> PublishedRow | None:
    short = _short(data, one, metric)
    rows = one.of_dataset(_names(data, dataset)) if method and short else ()
    return next((row for row in rows if row.method == method and one.short_of(row) == short), None)


def _signs(data: ReportData, one: PublishedSet, row: PublishedRow, metric: str) -> tuple[str, ...]:
    alike = one.variants[one.short_of(row)] == metric and one.same_frames(data.protocol)
    return (*([UNCHECKED] if row.unchecked else []), *([] if alike else [UNLIKE]))


def _text(data: ReportData, one: PublishedSet, row: PublishedRow | None, metric: str) -> str:
    if row is None:
        return GAP
    scale = one.scales.get(one.short_of(row), 1.0)
    # As printed where it can be: rounding to our digits would hide what is known.
    text = row.text if scale == 1.0 else f"{one.ours(row):.{len(row.text.partition('.')[2]) + 2}f}"
    return text + "".join(_signs(data, one, row, metric))
