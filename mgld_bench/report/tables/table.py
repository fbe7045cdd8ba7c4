"""The table of a report as plain data: every number with its gaps, interval, rank and published value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Direction
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import mixed
from mgld_bench.report.collect.published import PublishedValues, load_published
from mgld_bench.report.collect.scored import ScoredCell, scored_cells
from mgld_bench.report.tables.fingerprint import take_fingerprint
from mgld_bench.report.tables.notes import Footnote, Footnotes, caption, fine_print, footnotes_of, legend, notes
from mgld_bench.report.tables.numbers import Rank, format_difference, format_value, interval_half_width, mean, rank


@dataclass(frozen=True)
class Heading:
    """One heading of a row or column."""

    text: str
    direction: Direction | None = None
    """For a metric: which way is better."""

    @property
    def arrow(self) -> str:
        """↑ or ↓ for a metric, else nothing."""
        return {"higher": "↑", "lower": "↓", None: ""}[self.direction]

    @property
    def label(self) -> str:
        """The text with its arrow."""
        return f"{self.text} {self.arrow}" if self.arrow else self.text


@dataclass(frozen=True)
class TableCell:
    """One number of the table, with all that is printed beside it."""

    dataset: str
    method: str
    metric: str
    value: float | None
    """Mean over clips of the clips' scores; None where no clip has a score."""
    half_width: float | None
    """Half of the 95% interval over clips."""
    scored: int
    expected: int
    frames: int | None
    """Scored frames of all clips; None for a metric without scores per frame."""
    digits: int
    rank: Rank = ""
    published: float | None = None
    marks: tuple[str, ...] = ()
    """Marks of the footnotes that belong to the cell."""

    @property
    def complete(self) -> bool:
        """Whether every expected clip has a score."""
        return 0 < self.scored == self.expected

    @property
    def text(self) -> str:
        """The value as printed, with n/N where clips are missing."""
        value = format_value(self.value, self.digits)
        return value if self.complete else f"{value} ({self.scored}/{self.expected})"

    @property
    def interval_text(self) -> str:
        """The interval as printed; empty where there is none."""
        return "" if self.half_width is None else f"±{format_value(self.half_width, self.digits)}"

    @property
    def difference(self) -> float | None:
        """Ours minus published."""
        return None if self.value is None or self.published is None else self.value - self.published

    @property
    def published_text(self) -> str:
        """The published value and, in brackets, ours minus published; empty where there is none."""
        if self.published is None:
            return ""
        text = format_value(self.published, self.digits)
        return text if self.difference is None else f"{text} ({format_difference(self.difference, self.digits)})"


@dataclass(frozen=True)
class Table:
    """A table ready to be printed: headings, cells, and everything that a reader has to know to use the numbers."""

    title: str
    row_titles: tuple[str, ...]
    """What each level of the rows' headings is, e.g. Dataset, Metric."""
    rows: tuple[tuple[Heading, ...], ...]
    columns: tuple[tuple[Heading, ...], ...]
    """The headings of each column, outermost level first; equal neighbours belong together."""
    cells: tuple[tuple[TableCell, ...], ...]
    """One tuple per row."""
    caption: str
    legend: tuple[str, ...]
    """What each metric's title stands for."""
    footnotes: tuple[Footnote, ...]
    """Of marked cells."""
    notes: tuple[str, ...]
    """Of the whole table."""
    fine_print: tuple[str, ...]
    """Assumptions, licences, and where the numbers were made: for files; a terminal and the page show them elsewhere."""
    warnings: tuple[str, ...]
    published_source: str = ""
    """Empty where no published values stand beside ours."""

    @property
    def explanation(self) -> str:
        """What the type of the numbers means; empty where there is nothing to explain."""
        parts = []
        if any(cell.rank for row in self.cells for cell in row):
            parts.append("Bold: best; underlined: second best, among the methods with every clip of a dataset.")
        if self.published_source:
            parts.append("Below a value: the published one and, in brackets, ours minus published.")
        return " ".join(parts)


def build_table(data: ReportData, against_published: bool) -> Table:
    """The table of ``data``, laid out as its card says.

    A cell is the mean over clips of the clips' scores. Within a dataset and metric, the methods that have every clip are ranked;
    what is incomplete is printed with n/N, and does not compete.

    Args:
        data: what to show.
        against_published: put the published values beside ours, after comparing Bicubic.

    Raises:
        InputError: there is nothing to show; or published values are asked for, but the card names none or their file is
            unusable.
    """
    if not data.cells or not data.methods:
        raise InputError(f"report {data.card.name}: nothing to show: no method and metric can be scored on its datasets")
    published = _published(data) if against_published else None
    scored = scored_cells(data)
    lines = tuple(dict.fromkeys((cell.dataset, cell.metric) for cell in scored))
    by_place = {(cell.dataset, cell.metric, cell.method): cell for cell in scored}
    marks = Footnotes()
    grid = [[by_place[dataset, metric, method] for method in data.methods] for dataset, metric in lines]
    by_rows = data.card.table.orientation == "methods-as-rows"
    # Footnotes are lettered in the order in which the finished table is read.
    order = [cell for line in (zip(*grid, strict=True) if by_rows else grid) for cell in line]
    marked = {(cell.dataset, cell.metric, cell.method): marks.add(footnotes_of(data, cell)) for cell in order}
    cells = [_rank_line(data, [_cell(data, cell, published, marked) for cell in line]) for line in grid]
    datasets, metrics, methods = data.dataset_headings, data.metric_headings, data.method_headings
    line_headings = tuple(
        (Heading(datasets[dataset]), Heading(metrics[metric], data.metrics[metric].direction)) for dataset, metric in lines
    )
    method_line = tuple((Heading(methods[method]),) for method in data.methods)
    fingerprint = take_fingerprint(data, scored, published) if published else None
    return Table(
        title=data.card.heading,
        row_titles=("Method",) if by_rows else ("Dataset", "Metric"),
        rows=method_line if by_rows else line_headings,
        columns=line_headings if by_rows else method_line,
        cells=tuple(zip(*cells, strict=True)) if by_rows else tuple(tuple(line) for line in cells),
        caption=caption(data, scored),
        legend=legend(data, metrics, [metric for _, metric in lines]),
        footnotes=marks.all(),
        notes=(*(fingerprint.findings if fingerprint else ()), *notes(data, lines)),
        fine_print=fine_print(data, lines),
        warnings=(*(fingerprint.warnings if fingerprint else ()), *mixed(data)),
        published_source=published.source if published else "",
    )


def _published(data: ReportData) -> PublishedValues:
    if data.card.published is None:
        raise InputError(f"report {data.card.name}: its card names no published values; run it without --against paper")
    return load_published(data.card.published)


def _cell(
    data: ReportData,
    cell: ScoredCell,
    published: PublishedValues | None,
    marks: dict[tuple[str, str, str], tuple[str, ...]],
) -> TableCell:
    values = list(cell.scores.values())
    digits = data.card.table.digits
    return TableCell(
        dataset=cell.dataset,
        method=cell.method,
        metric=cell.metric,
        value=mean(values) if values else None,
        half_width=interval_half_width(values),
        scored=len(values),
        expected=len(cell.expected_clips),
        frames=cell.frames,
        digits=digits.get(cell.metric, digits.get(data.short_name(cell.metric), data.metrics[cell.metric].digits)),
        published=published.find(data, cell.dataset, cell.method, cell.metric) if published else None,
        marks=marks[cell.dataset, cell.metric, cell.method],
    )


def _rank_line(data: ReportData, line: Sequence[TableCell]) -> list[TableCell]:
    if not data.card.table.mark_best or not line:
        return list(line)
    competing = [cell.value if cell.complete else None for cell in line]
    ranks = rank(competing, data.metrics[line[0].metric].direction, line[0].digits)
    return [replace(cell, rank=place) for cell, place in zip(line, ranks, strict=True)]
