"""Tables and scores as CSV."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence

from mgld_bench.engine.origins import Made
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import made_on
from mgld_bench.report.tables.table import Table, TableCell
from mgld_bench.strict_json import strict

_ORIGIN = ("scored_on", "restored_on", "scored_at")
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_long_csv(table: Table, data: ReportData) -> str:
    """One line per number, at full precision: what a script reads.

    An empty field is a value that does not exist; infinity is inf. A name that a spreadsheet would run as a formula is preceded
    by an apostrophe.
    """
    header = (
        *("dataset", "method", "metric", "direction", "value", "interval95", "clips_scored", "clips_expected", "frames", "rank"),
        *("published", "difference", "protocol", *_ORIGIN),
    )
    made = {(cell.dataset, cell.metric, cell.method): tuple(cell.made.values()) for cell in data.cells}
    lines = (
        (
            *(guard(data.dataset_name(cell.dataset)), guard(cell.method), guard(cell.metric)),
            data.metrics[cell.metric].direction,
            *(cell.value, cell.half_width, cell.scored, cell.expected, cell.frames, cell.rank, cell.published, cell.difference),
            guard(data.protocol.name),
            *_origin(made.get((cell.dataset, cell.metric, cell.method), ())),
        )
        for cell in _in_order(table, data)
    )
    return _text([header, *lines])


def render_wide_csv(table: Table) -> str:
    """The table as printed: rows and columns of its layout, values at printed precision, without intervals."""
    levels = range(len(table.columns[0]))
    head = [[*(table.row_titles if level == levels[-1] else [""] * len(table.row_titles)),
             *(guard(column[level].label) for column in table.columns)] for level in levels]  # fmt: skip
    body = [
        [*(guard(heading.label) for heading in row), *(cell.text for cell in cells)]
        for row, cells in zip(table.rows, table.cells, strict=True)
    ]
    return _text([*head, *body])


def render_scores_csv(data: ReportData) -> str:
    """One line per clip and metric; an expected clip without a score has a line without value."""
    header = ("dataset", "clip", "method", "metric", "value", "frames", "notes", *_ORIGIN)
    lines: list[Sequence[object]] = [header]
    for cell in data.cells:
        for clip in cell.expected_clips:
            place = (guard(data.dataset_name(cell.dataset)), guard(clip), guard(cell.method), guard(cell.metric))
            score = cell.scores.get(clip)
            if score is None:
                lines.append((*place, None, None, guard(cell.gap), *_origin(())))
                continue
            frames = None if score.per_frame is None else len(score.per_frame)
            notes = json.dumps(strict(score.facts), sort_keys=True, ensure_ascii=False, allow_nan=False) if score.facts else ""
            made = cell.made.get(clip)
            lines.append((*place, score.value, frames, notes, *_origin((made,) if made else ())))
    return _text(lines)


def render_frames_csv(data: ReportData) -> str:
    """One line per frame and metric."""
    header = ("dataset", "clip", "method", "metric", "frame", "value")
    return _text(
        [
            header,
            *(
                (guard(data.dataset_name(cell.dataset)), guard(clip), guard(cell.method), guard(cell.metric), frame, value)
                for cell in data.cells
                for clip in cell.expected_clips
                if clip in cell.scores
                for frame, value in sorted((cell.scores[clip].per_frame or {}).items())
            ),
        ]
    )


def guard(text: str) -> str:
    """``text``, with an apostrophe in front where a spreadsheet would take it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _origin(made: Sequence[Made]) -> tuple[str, str, str]:
    """Where scores and restored clips were made, and when the last score was."""
    last = max((one.scored_at for one in made), default="")
    return guard(made_on(made, "scores")), guard(made_on(made, "restored clips")), last


def _in_order(table: Table, data: ReportData) -> list[TableCell]:
    """The cells by dataset, metric and method, whatever the layout."""
    methods = list(data.methods)
    cells = [cell for row in table.cells for cell in row]
    lines = list(dict.fromkeys((cell.dataset, cell.metric) for cell in cells))
    return sorted(cells, key=lambda cell: (lines.index((cell.dataset, cell.metric)), methods.index(cell.method)))


def _text(lines: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    # Floats are written by repr: the shortest text that reads back as the same number.
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()
