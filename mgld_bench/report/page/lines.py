"""The numbers of the tables for the page: a line per dataset (or category of clips) and metric, with what is behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mgld_bench.metrics.metric import Direction
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.scored import ScoredCell, scored_cells
from mgld_bench.report.tables.paired import Paired, paired_to
from mgld_bench.report.tables.table import Table, TableCell

Place = tuple[str, str, str]
"""Dataset, category of clips, metric."""
_SIGNIFICANT = 7
"""Digits of what the page sorts and draws: more than it prints, fewer than a float has."""


def table_lines(data: ReportData, table: Table) -> list[dict[str, Any]]:
    """One entry per line of the table, in its order; lists have one element per method of ``data.methods``."""
    printed: dict[Place, dict[str, TableCell]] = {}
    for row in table.cells:
        for cell in row:
            printed.setdefault((cell.dataset, cell.category, cell.metric), {})[cell.method] = cell
    behind: dict[Place, dict[str, ScoredCell]] = {}
    for scored in scored_cells(data, data.card.table.by):
        behind.setdefault((scored.dataset, scored.category, scored.metric), {})[scored.method] = scored
    by_rows = data.card.table.orientation == "methods-as-rows"
    headings = [heading[0].text for heading in (table.columns if by_rows else table.rows)]
    return [
        {"heading": heading, **_line(data, cells, behind.get(place) or _without_clips(cells))}
        for heading, (place, cells) in zip(headings, printed.items(), strict=True)
    ]


def _without_clips(cells: Mapping[str, TableCell]) -> dict[str, ScoredCell]:
    """What is behind costs, which are of no clip."""
    return {name: ScoredCell(cell.dataset, name, cell.metric, {}, (), None, 0.0) for name, cell in cells.items()}


def _line(data: ReportData, cells: Mapping[str, TableCell], scored: Mapping[str, ScoredCell]) -> dict[str, Any]:
    methods = list(data.methods)
    first = cells[methods[0]]
    direction = data.metrics[first.metric].direction
    clips = scored[methods[0]].expected_clips
    places = _places([cells[name] for name in methods], direction)
    return {
        "dataset": first.dataset,
        "category": first.category,
        "metric": first.metric,
        "digits": first.digits,
        "direction": direction,
        "clips": [clip_id(first.dataset, clip) for clip in clips],
        "cells": [
            {**_cell(cells[name]), "place": place, "gap": scored[name].gap} for name, place in zip(methods, places, strict=True)
        ],
        "scores": [[_short(scored[name].scores.get(clip)) for clip in clips] for name in methods],
        "differences": _differences([scored[name] for name in methods]),
    }


def _cell(cell: TableCell) -> dict[str, Any]:
    return {
        "value": cell.value,
        "text": cell.text,
        "interval": cell.interval_text,
        "ends": [cell.low, cell.high],
        "scored": cell.scored,
        "expected": cell.expected,
        "frames": cell.frames,
        "rank": cell.rank,
        "tied": cell.tied,
        "marks": list(cell.marks),
        "published": cell.published_text,
        "measured": f"{cell.measured_on} ({cell.measured_at[:10]})" if cell.measured_on else "",
    }


def _places(cells: Sequence[TableCell], direction: Direction) -> list[int | None]:
    """The place of each complete cell, from 1; those that print alike share one."""
    printed = [None if cell.value is None or not cell.complete else round(cell.value, cell.digits) for cell in cells]
    known = [value for value in printed if value is not None]
    return [None if mine is None else 1 + sum(_better(value, mine, direction) for value in known) for mine in printed]


def _better(value: float, other: float, direction: Direction) -> bool:
    return value > other if direction == "higher" else value < other


def _differences(cells: Sequence[ScoredCell]) -> list[list[list[float | int | None] | None]]:
    """For each method and each one before it, the first minus the second: mean, ends of its interval, clips; None without any."""
    return [[_difference(paired_to(cell, other)) for other in cells[:index]] for index, cell in enumerate(cells)]


def _difference(found: Paired | None) -> list[float | int | None] | None:
    return None if found is None else [_short(found.mean), _short(found.low), _short(found.high), found.clips]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_SIGNIFICANT}g}")
