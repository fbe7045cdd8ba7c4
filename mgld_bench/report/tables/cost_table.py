"""The table of what methods cost: one row per method, parameters first, then time and memory at each size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mgld_bench.cards.table_schemas import CostColumn
from mgld_bench.engine.cost_columns import COST_FACTS, OF_PARAMETERS, cost_of, cost_text
from mgld_bench.engine.origins import Origin
from mgld_bench.engine.profiling import RANDOM
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import MeasuredCost, ReportData
from mgld_bench.report.collect.origins import differing_parts, some_parts
from mgld_bench.report.collect.published import PublishedValues, published_of
from mgld_bench.report.tables.notes import Footnotes
from mgld_bench.report.tables.numbers import rank
from mgld_bench.report.tables.table import Heading, Table, TableCell, attributes_of

_NOT_MEASURED = "Not measured yet."


def build_cost_table(data: ReportData, against_published: bool) -> Table:
    """The table of costs of ``data``.

    Args:
        data: what to show; its card has ``costs``.
        against_published: put the published values beside ours.

    Raises:
        InputError: there is no method; or published values are asked for, but the card names none or their file is unusable.
    """
    if not data.methods:
        raise InputError(f"report {data.card.name}: nothing to show: no method whose cost can be measured")
    published = published_of(data) if against_published else None
    columns = _columns(data)
    origins = list(dict.fromkeys(cost.origin for cost in data.costs))
    marks = Footnotes()
    grid = [
        [_cell(data, method, column, size, published, marks, several=len(origins) > 1) for column, size in columns]
        for method in data.methods
    ]
    comparable = len(origins) < 2 and data.card.table.mark_best
    ranked = list(zip(*(_ranked(list(line)) for line in zip(*grid, strict=True)), strict=True)) if comparable else grid
    facts = {column: COST_FACTS[column] for column, _ in columns}
    by_rows = data.card.table.orientation == "methods-as-rows"
    cost_headings = tuple(
        (Heading(_group(data, size)), Heading(facts[column].title, None if column in OF_PARAMETERS else facts[column].direction))
        for column, size in columns
    )
    method_headings = tuple((Heading(heading),) for heading in data.method_headings.values())
    cells = tuple(tuple(row) for row in ranked)
    return Table(
        title=data.card.heading,
        row_titles=("Method",) if by_rows else ("Cost", "Unit"),
        rows=method_headings if by_rows else cost_headings,
        columns=cost_headings if by_rows else method_headings,
        cells=cells if by_rows else tuple(zip(*cells, strict=True)),
        caption=_caption(data, origins),
        legend=tuple(f"{one.title}: {one.definition}" for one in facts.values()),
        footnotes=marks.all(),
        notes=(*_published_note(published), *_notes(data)),
        fine_print=(),
        warnings=_warnings(data, origins),
        published_source=published.source if published else "",
        about=data.card.notes,
        name=data.card.name,
        attribute_titles=data.card.table.attributes,
        attributes=attributes_of(data.card.table.attributes, data.methods.values()),
    )


def _columns(data: ReportData) -> list[tuple[CostColumn, str]]:
    """Each column with its size; parameters have none, and stand first."""
    assert data.card.costs is not None  # noqa: S101 - build_table() calls this only then
    asked = data.card.costs.columns
    sized = [(column, size) for size in data.card.costs.sizes for column in asked if column not in OF_PARAMETERS]
    return [*((column, "") for column in asked if column in OF_PARAMETERS), *sized]


def _group(data: ReportData, size: str) -> str:
    if not size:
        return "Parameters"
    scale = next((cost.result.scale for cost in data.costs), 4)
    width, height = size.split("x")
    return f"{size} to {scale * int(width)}x{scale * int(height)}"


def _cell(
    data: ReportData,
    method: str,
    column: CostColumn,
    size: str,
    published: PublishedValues | None,
    marks: Footnotes,
    several: bool,
) -> TableCell:
    of_method = [cost for cost in data.costs if cost.method == method and size in ("", cost.size)]
    cost = of_method[0] if of_method else None
    value = cost_of(cost.result, column) if cost else None
    texts = [_NOT_MEASURED] if cost is None else [f"Measured on {cost.origin.text} ({cost.measured_at[:10]})."] if several else []
    beside = published.find_cost(data, method, column, size) if published else None
    return TableCell(
        dataset="",
        method=method,
        metric=COST_FACTS[column].name,
        value=value,
        half_width=None,
        scored=int(cost is not None),
        expected=1,
        frames=cost.result.frames if cost else None,
        digits=COST_FACTS[column].digits,
        published=beside[0] if beside else None,
        marks=marks.add(texts),
        category=size,
        shown=cost_text(column, value),
        published_shown=beside[1] if beside else "",
        measured_on=cost.origin.text if cost else "",
        measured_at=cost.measured_at if cost else "",
    )


def _ranked(line: Sequence[TableCell]) -> list[TableCell]:
    """The cells of a column, ranked as printed; parameters are not: fewer are not better by themselves."""
    column = next(name for name, facts in COST_FACTS.items() if facts.name == line[0].metric)
    if column in OF_PARAMETERS:
        return list(line)
    places = rank([cell.value for cell in line], COST_FACTS[column].direction, 6)
    return [replace(cell, rank=place) for cell, place in zip(line, places, strict=True)]


def _caption(data: ReportData, origins: Sequence[Origin]) -> str:
    assert data.card.costs is not None  # noqa: S101 - as above
    parts = [f"Input: {data.card.costs.frames} frames of a moving texture."]
    if len(origins) == 1:
        days = sorted({cost.measured_at[:10] for cost in data.costs})
        parts.append(f"Measured on {origins[0].text} ({' to '.join(dict.fromkeys((days[0], days[-1])))}).")
    return " ".join(parts)


def _published_note(published: PublishedValues | None) -> tuple[str, ...]:
    if published is None:
        return ()
    return (f"Published values are those of {published.source}: times on different hardware cannot be compared with ours.",)


def _notes(data: ReportData) -> tuple[str, ...]:
    """Which weights were used, where not the method's own, and the restorers' notes, such as tiles for lack of memory."""
    lines = []
    for cost in data.costs:
        heading = f"{data.method_headings[cost.method]} at {cost.size}"
        if cost.weights.startswith(RANDOM):
            lines.append(f"{heading}: weights {cost.weights}: the same cost, unless the amount of work depends on values.")
        lines += [f"{heading}: {topic}: {note}." for topic, note in cost.result.notes.items()]
        if cost.result.frames and cost.result.spread > _SPREAD:
            lines.append(f"{heading}: its timed runs differ by {cost.result.spread:.0%} of their median: the machine was busy.")
    return (*dict.fromkeys(lines), *data.footnotes)


_SPREAD = 0.25
"""Timed runs that differ by more than this share of their median are named."""


def _warnings(data: ReportData, origins: Sequence[Origin]) -> tuple[str, ...]:
    differing = differing_parts(origins)
    if len(origins) < 2:
        return ()
    parts = "; ".join(f"{_methods(data, origin)}: {some_parts(origin, differing)}" for origin in origins)
    return (f"The rows of this table were measured in {len(origins)} places; their times cannot be compared: {parts}.",)


def _methods(data: ReportData, origin: Origin) -> str:
    of: list[MeasuredCost] = [cost for cost in data.costs if cost.origin == origin]
    return ", ".join(dict.fromkeys(data.method_headings[cost.method] for cost in of))
