"""Tables and scores as CSV."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Mapping, Sequence

from mgld_bench.engine.origins import Made
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import made_on
from mgld_bench.report.tables.beside import IN_WORDS
from mgld_bench.report.tables.paired import Paired, baseline_of
from mgld_bench.report.tables.table import Table, TableCell
from mgld_bench.shown_text import for_spreadsheet as guard
from mgld_bench.strict_json import strict

_ORIGIN = ("scored_on", "restored_on", "scored_at")


def render_long_csv(table: Table, data: ReportData) -> str:
    """One line per number, at full precision: what a script reads.

    An empty field is a value that does not exist; infinity is inf. ``interval95`` is the half width of the 95% interval of the
    mean over clips, its ends are cut at the metric's range; ``vs_…`` are differences to a method, paired by clip. A name that a
    spreadsheet would run as a formula is preceded by an apostrophe.
    """
    header = (
        *("dataset", "method", "metric", "direction", "value", "interval95", "clips_scored", "clips_expected", "frames", "rank"),
        *("published", "difference", "protocol", *_ORIGIN, "interval95_low", "interval95_high", "baseline", *_paired("baseline")),
        *(*_paired("best"), "tied_with_best", "category", "why_missing", "published_marks"),
        *(guard(f"attribute {name}") for name in table.attribute_titles),
    )
    made = {(cell.dataset, cell.metric, cell.method): tuple(cell.made.values()) for cell in data.cells}
    gaps = {(cell.dataset, cell.metric, cell.method): cell.gap for cell in data.cells}
    attributes = dict(zip(data.methods, table.attributes, strict=True)) if table.attributes else {}
    lines = (
        (
            *(guard(data.dataset_name(cell.dataset)), guard(cell.method), guard(cell.metric)),
            data.metrics[cell.metric].direction,
            *(cell.value, cell.half_width, cell.scored, cell.expected, cell.frames, cell.rank, cell.published, cell.difference),
            guard(data.protocol.name),
            *(_origin(made.get((cell.dataset, cell.metric, cell.method), ())) if cell.dataset else _measured(cell)),
            *(cell.low, cell.high, guard(baseline_of(data)) if cell.to_baseline else "", *_difference(cell.to_baseline)),
            *(*_difference(cell.to_best), _flag(cell), guard(cell.category)),
            "" if cell.complete else guard(gaps.get((cell.dataset, cell.metric, cell.method), "not scored")),
            "; ".join(IN_WORDS[sign] for sign in cell.published_signs),
            *(guard(attribute.field) for attribute in attributes.get(cell.method, ())),
        )
        for cell in _in_order(table, data)
    )
    return _text([header, *lines])


def render_wide_csv(table: Table) -> str:
    """The table as printed: rows and columns of its layout, values at printed precision, without intervals."""
    levels = range(len(table.columns[0]))
    titles = [*table.row_titles, *map(guard, table.attribute_titles)]
    head = [
        [*(titles if level == levels[-1] else [""] * len(titles)), *(guard(column[level].label) for column in table.columns)]
        for level in levels
    ]
    body = [
        [*(guard(heading.label) for heading in row), *(guard(one.field) for one in attributes), *(cell.text for cell in cells)]
        for row, attributes, cells in table.lines
    ]
    return _text([*head, *body])


def render_scores_csv(data: ReportData) -> str:
    """One line per clip and metric; an expected clip without a score has a line without value.

    ``vs_baseline`` is the score minus that of the method ``baseline`` on the same clip.
    """
    header = ("dataset", "clip", "method", "metric", "value", "frames", "notes", *_ORIGIN, "tags", "baseline", "vs_baseline")
    lines: list[Sequence[object]] = [header]
    baseline = baseline_of(data) if data.methods else ""
    against = {(cell.dataset, cell.metric): cell.scores for cell in data.cells if cell.method == baseline}
    tags = {(name, clip.name): clip.tags for name, card in data.datasets.items() for clip in card.clips}
    for cell in data.cells:
        others = against.get((cell.dataset, cell.metric), {}) if cell.method != baseline else {}
        for clip in cell.expected_clips:
            place = (guard(data.dataset_name(cell.dataset)), guard(clip), guard(cell.method), guard(cell.metric))
            score, other = cell.scores.get(clip), others.get(clip)
            tagged = _json(tags.get((cell.dataset, clip), {}))
            if score is None:
                lines.append((*place, None, None, guard(cell.gap), *_origin(()), tagged, None, None))
                continue
            frames = None if score.per_frame is None else len(score.per_frame)
            made = cell.made.get(clip)
            compared = (None, None) if other is None else (guard(baseline), _minus(score.value, other.value))
            lines.append((*place, score.value, frames, _json(score.facts), *_origin((made,) if made else ()), tagged, *compared))
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


def _paired(other: str) -> tuple[str, ...]:
    return f"vs_{other}", f"vs_{other}95_low", f"vs_{other}95_high", f"vs_{other}_clips"


def _difference(paired: Paired | None) -> tuple[float | None, ...]:
    return (None,) * 4 if paired is None else (paired.mean, paired.low, paired.high, paired.clips)


def _flag(cell: TableCell) -> str:
    """Whether a cell cannot be told apart from the best; empty where that is not known."""
    known = cell.to_best is not None and cell.to_best.low is not None
    return ("true" if cell.tied else "false") if known else ""


def _minus(score: float, other: float) -> float | None:
    """The difference; None where one of the two is infinite."""
    return score - other if math.isfinite(score) and math.isfinite(other) else None


def _json(facts: Mapping[str, object]) -> str:
    return json.dumps(strict(facts), sort_keys=True, ensure_ascii=False, allow_nan=False) if facts else ""


def _origin(made: Sequence[Made]) -> tuple[str, str, str]:
    """Where scores and restored clips were made, and when the last score was."""
    last = max((one.scored_at for one in made), default="")
    return guard(made_on(made, "scores")), guard(made_on(made, "restored clips")), last


def _measured(cell: TableCell) -> tuple[str, str, str]:
    """Where and when a cost was measured."""
    return guard(cell.measured_on), "", cell.measured_at


def _in_order(table: Table, data: ReportData) -> list[TableCell]:
    """The cells by dataset, metric and method, whatever the layout."""
    methods = list(data.methods)
    cells = [cell for row in table.cells for cell in row]
    lines = list(dict.fromkeys((cell.dataset, cell.category, cell.metric) for cell in cells))
    return sorted(cells, key=lambda cell: (lines.index((cell.dataset, cell.category, cell.metric)), methods.index(cell.method)))


def _text(lines: Iterable[Sequence[object]]) -> str:
    buffer = io.StringIO()
    # Floats are written by repr: the shortest text that reads back as the same number.
    csv.writer(buffer, lineterminator="\n").writerows(lines)
    return buffer.getvalue()
