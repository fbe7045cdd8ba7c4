"""The numbers of the tables for the page: a line per dataset and metric, with what is behind each number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mgld_bench.metrics.metric import Direction
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.scored import ScoredCell, scored_cells
from mgld_bench.report.tables.table import Table, TableCell
from mgld_bench.statistics.intervals import paired_difference

_SIGNIFICANT = 7
"""Digits of what the page sorts and draws: more than it prints, fewer than a float has."""


def table_lines(data: ReportData, table: Table) -> list[dict[str, Any]]:
    """One entry per dataset and metric of the table, in its order; lists have one element per method of ``data.methods``."""
    printed: dict[tuple[str, str], dict[str, TableCell]] = {}
    for row in table.cells:
        for cell in row:
            printed.setdefault((cell.dataset, cell.metric), {})[cell.method] = cell
    behind: dict[tuple[str, str], dict[str, ScoredCell]] = {}
    for scored in scored_cells(data):
        behind.setdefault((scored.dataset, scored.metric), {})[scored.method] = scored
    return [_line(data, cells, behind[place]) for place, cells in printed.items()]


def _line(data: ReportData, cells: dict[str, TableCell], scored: dict[str, ScoredCell]) -> dict[str, Any]:
    methods = list(data.methods)
    first = cells[methods[0]]
    direction = data.metrics[first.metric].direction
    clips = scored[methods[0]].expected_clips
    pairs = _differences([scored[name] for name in methods])
    return {
        "dataset": first.dataset,
        "metric": first.metric,
        "digits": first.digits,
        "direction": direction,
        "clips": [clip_id(first.dataset, clip) for clip in clips],
        "cells": [
            {**_cell(cells[name]), "place": place, "gap": scored[name].gap}
            for name, place in zip(methods, _places([cells[name] for name in methods], direction), strict=True)
        ],
        "scores": [[_short(scored[name].scores.get(clip)) for clip in clips] for name in methods],
        "differences": pairs,
    }


def _cell(cell: TableCell) -> dict[str, Any]:
    return {
        "value": cell.value,
        "text": cell.text,
        "interval": cell.interval_text,
        "ends": _ends(cell),
        "scored": cell.scored,
        "expected": cell.expected,
        "frames": cell.frames,
        "rank": cell.rank,
        "marks": list(cell.marks),
        "published": cell.published_text,
    }


def _ends(cell: TableCell) -> list[float | None]:
    """Of the 95 % interval."""
    if cell.value is None or cell.half_width is None:
        return [None, None]
    return [cell.value - cell.half_width, cell.value + cell.half_width]


def _places(cells: Sequence[TableCell], direction: Direction) -> list[int | None]:
    """The place of each complete cell, from 1; those that print alike share one."""
    printed = [None if cell.value is None or not cell.complete else round(cell.value, cell.digits) for cell in cells]
    known = [value for value in printed if value is not None]
    return [None if mine is None else 1 + sum(_better(value, mine, direction) for value in known) for mine in printed]


def _better(value: float, other: float, direction: Direction) -> bool:
    return value > other if direction == "higher" else value < other


def _differences(cells: Sequence[ScoredCell]) -> list[list[list[float | int | None] | None]]:
    """For each method and each one before it, the first minus the second: mean, ends of its interval, clips; None without any."""
    return [[_difference(cell, other) for other in cells[:index]] for index, cell in enumerate(cells)]


def _difference(cell: ScoredCell, other: ScoredCell) -> list[float | int | None] | None:
    found = paired_difference(cell.scores, other.scores)
    if found is None:
        return None
    low, high = (found.interval.low, found.interval.high) if found.interval else (None, None)
    return [_short(found.mean), _short(low), _short(high), found.count]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_SIGNIFICANT}g}")
