"""From what a report shows to its table: lines, ranks, intervals, differences, footnotes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from mgld_bench.cards.table_schemas import ALL_CLIPS
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Direction
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import mixed
from mgld_bench.report.collect.published import PublishedValues, published_of
from mgld_bench.report.collect.published_sets import PublishedSet, chosen_set
from mgld_bench.report.collect.scored import ScoredCell, scored_cells
from mgld_bench.report.tables.beside import Beside, beside, beside_notes, blocks, instance_warnings
from mgld_bench.report.tables.cost_table import build_cost_table
from mgld_bench.report.tables.differences import paired_lines
from mgld_bench.report.tables.fingerprint import take_fingerprint
from mgld_bench.report.tables.instances import instance_notes
from mgld_bench.report.tables.notes import Footnotes, caption, fine_print, footnotes_of, legend, notes
from mgld_bench.report.tables.numbers import mean, rank
from mgld_bench.report.tables.paired import baseline_of, paired_to
from mgld_bench.report.tables.table import Heading, Table, TableCell, attributes_of
from mgld_bench.statistics.intervals import mean_interval


def build_table(data: ReportData, against_published: bool, against: str = "") -> Table:
    """The table of ``data``, laid out as its card says.

    A cell is the mean over clips of the clips' scores. Within a dataset and metric, the methods that have every clip are ranked;
    what is incomplete is printed with n/N, and does not compete. A card of figures that asks for no numbers has an empty table.

    Args:
        data: what to show.
        against_published: put the card's published values beside ours, after comparing Bicubic.
        against: put those of this published set beside ours instead; "": of none.

    Raises:
        InputError: there is nothing to show; or published values are asked for, but the card names none, their file is
            unusable, or there is no such set.
    """
    if data.card.costs is not None:
        if against:
            raise InputError(f"--against {against}: published sets have no costs; only paper can stand beside a table of costs")
        return build_cost_table(data, against_published)
    if not data.has_table:
        return Table(data.card.heading, (), (), (), (), "", (), (), (), (), (), name=data.card.name)
    if not data.cells or not data.methods:
        raise InputError(f"report {data.card.name}: nothing to show: no method and metric can be scored on its datasets")
    published = published_of(data) if against_published else None
    chosen = chosen_set(against, data.published_sets) if against else None
    scored = scored_cells(data, data.card.table.by)
    places = tuple(dict.fromkeys((cell.dataset, cell.category, cell.metric) for cell in scored))
    by_place = {(cell.dataset, cell.category, cell.metric, cell.method): cell for cell in scored}
    grid = [[by_place[place[0], place[1], place[2], method] for method in data.methods] for place in places]
    by_rows = data.card.table.orientation == "methods-as-rows"
    # Footnotes are lettered in the order in which the finished table is read.
    marks = Footnotes()
    order = [cell for line in (zip(*grid, strict=True) if by_rows else grid) for cell in line]
    marked = {cell.place: marks.add(footnotes_of(data, cell)) for cell in order}
    cells = [_line(data, line, published or chosen, marked) for line in grid]
    lines = tuple((dataset, metric) for dataset, category, metric in places if not category)
    whole = [cell for cell in scored if not cell.category]
    metrics = data.metric_headings
    line_headings = tuple(
        (Heading(_dataset_heading(data, line[0])), Heading(metrics[line[0].metric], data.metrics[line[0].metric].direction))
        for line in grid
    )
    method_line = tuple((Heading(heading),) for heading in data.method_headings.values())
    fingerprint = take_fingerprint(data, whole, published) if published else None
    copies = instance_notes(data, whole)
    shown = [metric for _, metric in lines]
    return Table(
        title=data.card.heading,
        row_titles=("Method",) if by_rows else ("Dataset", "Metric"),
        rows=method_line if by_rows else line_headings,
        columns=line_headings if by_rows else method_line,
        cells=tuple(zip(*cells, strict=True)) if by_rows else tuple(tuple(line) for line in cells),
        caption=caption(data, whole),
        legend=legend(data, metrics, shown),
        footnotes=marks.all(),
        notes=(
            *(fingerprint.findings if fingerprint else ()),
            *copies,
            *(beside_notes(data, chosen, lines) if chosen else ()),
            *notes(data, lines),
        ),
        copies=copies,
        fine_print=fine_print(data, lines),
        warnings=(
            *(fingerprint.warnings if fingerprint else ()),
            *(instance_warnings(data, whole, chosen) if chosen else ()),
            *mixed(data),
        ),
        published_source=published.source if published else chosen.cite if chosen else "",
        blocks=blocks(data, chosen, lines) if chosen else (),
        about=data.card.notes,
        name=data.card.name,
        attribute_titles=data.card.table.attributes,
        attributes=attributes_of(data.card.table.attributes, data.methods.values()),
        baseline=data.method_headings[baseline_of(data)] if len(data.methods) > 1 else "",
        differences=paired_lines(data, cells, [heading.text for heading, _ in line_headings]),
        stated=data.protocol.about(data.protocol.stated, shown),
        assumed=data.protocol.about(data.protocol.assumed, shown),
    )


def _dataset_heading(data: ReportData, cell: ScoredCell) -> str:
    heading = data.dataset_headings[cell.dataset]
    if not data.card.table.by:
        return heading
    return f"{heading}, {cell.category or ALL_CLIPS} (n = {len(cell.expected_clips)})"


def _line(
    data: ReportData,
    line: Sequence[ScoredCell],
    published: PublishedValues | PublishedSet | None,
    marks: Mapping[tuple[str, str, str, str], tuple[str, ...]],
) -> list[TableCell]:
    """The cells of one dataset and metric, ranked and compared with each other."""
    cells = [_cell(data, cell, published, marks[cell.place]) for cell in line]
    if len(cells) < 2:
        return cells
    direction = data.metrics[line[0].metric].direction
    baseline = next(cell for cell in line if cell.method == baseline_of(data))
    competing = [cell.value if cell.complete else None for cell in cells]
    best = _best(competing, direction)
    ranks = rank(competing, direction, cells[0].digits) if data.card.table.mark_best else [cell.rank for cell in cells]
    return [
        replace(
            cell,
            rank=place,
            to_baseline=paired_to(scored, baseline),
            to_best=paired_to(scored, line[best]) if best is not None and cell.complete and data.card.table.mark_best else None,
        )
        for cell, scored, place in zip(cells, line, ranks, strict=True)
    ]


def _best(values: Sequence[float | None], direction: Direction) -> int | None:
    """The index of the best value; None where fewer than two compete, or the best is infinite."""
    competing = [index for index, value in enumerate(values) if value is not None]
    if len(competing) < 2:
        return None
    sign = 1 if direction == "higher" else -1
    best = max(competing, key=lambda index: sign * (values[index] or 0.0))
    # Nothing is at a finite distance from identical frames.
    return best if math.isfinite(values[best] or 0.0) else None


def _beside(data: ReportData, cell: ScoredCell, published: PublishedValues | PublishedSet | None) -> Beside | None:
    if published is None or cell.category:
        return None
    if isinstance(published, PublishedSet):
        return beside(data, published, cell.dataset, cell.method, cell.metric)
    value = published.find(data, cell.dataset, cell.method, cell.metric)
    return None if value is None else Beside(value, ())


def _cell(
    data: ReportData, cell: ScoredCell, published: PublishedValues | PublishedSet | None, marks: tuple[str, ...]
) -> TableCell:
    values = list(cell.scores.values())
    digits = {name.lower(): count for name, count in data.card.table.digits.items()}
    facts = data.metrics[cell.metric]
    interval = mean_interval(values)
    within = interval.within(*facts.bounds) if interval else None
    printed = _beside(data, cell, published)
    return TableCell(
        dataset=cell.dataset,
        method=cell.method,
        metric=cell.metric,
        value=mean(values) if values else None,
        half_width=interval.half_width if interval else None,
        scored=len(values),
        expected=len(cell.expected_clips),
        frames=cell.frames,
        digits=digits.get(cell.metric.lower(), digits.get(data.short_name(cell.metric).lower(), facts.digits)),
        published=printed.value if printed else None,
        published_signs=printed.signs if printed else (),
        comparable=printed.alike if printed else True,
        marks=marks,
        category=cell.category,
        low=within.low if within else None,
        high=within.high if within else None,
        cut=within.cut if within else False,
        unpublished=cell.unpublished,
    )
