"""A comparison on a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rich.box import SIMPLE
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from mgld_bench.comparing.comparison import Comparison, Contest, Line, SetsLine
from mgld_bench.comparing.gates.check import GateResult
from mgld_bench.comparing.show.words import (
    ALL_SETS,
    MARKS,
    arrow,
    clip_text,
    clips_text,
    contest_name,
    cost_note,
    cost_table,
    difference_text,
    ends,
    matrix,
    matrix_of_sets,
    mean_text,
    p_text,
    rank_text,
    reasons,
    summary,
    title,
    trained_on_test_sets,
    wins_text,
)
from mgld_bench.comparing.standing import standings

_STYLES = {"better": "green", "worse": "red", "equivalent": "cyan", "cannot tell": ""}
_FEW = 2


def render_terminal(comparison: Comparison) -> RenderableType:
    """The comparison as tables that fold where the terminal is narrow; nothing is cut."""
    parts: list[RenderableType] = [Text(title(comparison), style="bold")]
    if len(comparison.contests) == 1:
        (contest,) = comparison.contests
        parts += [_Lines(comparison, contest), *map(Text, (*reasons(comparison, contest), *_clips(comparison, contest)))]
    else:
        parts += [_matrix(comparison, dataset) for dataset in comparison.datasets]
        parts += [_matrix_of_sets(comparison)] if comparison.together else []
        for contest in comparison.contests:
            name = contest_name(comparison, contest)
            parts += [Text(f"{name}, {text}") for text in reasons(comparison, contest)]
    parts.append(_costs(comparison))
    if cost_note(comparison):
        parts.append(Text(cost_note(comparison)))
    if not comparison.against_all:
        for contest in comparison.contests:
            parts.append(Text(f"Differs between {contest.reference.name} and {contest.candidate.name}:", style="bold"))
            parts += [Text(f"  {each.text}") for each in contest.differing] or [Text("  nothing that is recorded")]
    parts += _ranks(comparison)
    parts += [Text(), _summary(comparison)]
    parts += [Text(f"warning: {text}", style="yellow") for text in trained_on_test_sets(comparison)]
    parts += [Text(f"note: {note}") for note in comparison.notes]
    parts += [Text(f"missing: {text}", style="yellow") for text in comparison.missing]
    return Group(*parts)


def render_gate(gate: GateResult) -> RenderableType:
    """What each rule saw."""
    styles = {"kept": "green", "violated": "red", "open": "", "no result": "yellow"}
    return Group(*(Text(f"gate: {each.result}: {each.text}", style=styles[each.result]) for each in gate.findings))


def _summary(comparison: Comparison) -> RenderableType:
    said = [(contest_name(comparison, contest), summary(comparison, contest)) for contest in comparison.contests]
    if len(said) == 1:
        return Group(*(Text(f"{dataset}: {text}", style="bold") for dataset, text in said[0][1].items()))
    table = Table(box=SIMPLE, pad_edge=False)
    datasets = list(dict.fromkeys(dataset for _, found in said for dataset in found))
    for head in ("verdict", *datasets):
        table.add_column(Text(head), overflow="fold")
    for name, found in said:
        table.add_row(Text(name), *(Text(found.get(dataset, "–")) for dataset in datasets))
    return table


def _matrix(comparison: Comparison, dataset: str) -> Table:
    metrics, rows = matrix(comparison, dataset)
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column(Text(comparison.heading(dataset)), overflow="fold")
    for line in metrics:
        table.add_column(Text(f"{line.metric.name} {arrow(line)}"), justify="right", overflow="fold")
    for name, lines in rows:
        cells = [
            Text(f"{MARKS[line.verdict.word]} {_difference(line)}", style=_STYLES[line.verdict.word]) if line else Text("–")
            for line in lines
        ]
        table.add_row(Text(name), *cells)
    return table


def _matrix_of_sets(comparison: Comparison) -> Table:
    metrics, rows = matrix_of_sets(comparison)
    table = Table(box=SIMPLE, pad_edge=False)
    table.add_column(ALL_SETS, overflow="fold")
    for line in metrics:
        table.add_column(Text(f"{line.metric.name} {arrow(line)}"), justify="right", overflow="fold")
    for name, lines in rows:
        table.add_row(Text(name), *(Text("–") if line is None else _marked_sets(line) for line in lines))
    return table


def _marked_sets(line: SetsLine) -> Text:
    word = line.verdict.word
    return Text(f"{MARKS[word]} {difference_text(line.sets.mean, line.sets.interval, line.metric.digits)}", style=_STYLES[word])


def _difference(line: Line) -> str:
    return difference_text(line.paired.mean, line.paired.interval, line.metric.digits)


def _ranks(comparison: Comparison) -> list[RenderableType]:
    ranks = standings(comparison)
    if not ranks:
        return []
    lines = [Text(f"Rank of {comparison.contests[0].candidate.name}, with its 95 % interval:", style="bold")]
    for each in ranks:
        lines.append(Text(f"  {comparison.heading(each.dataset)}, {each.metric}: {rank_text(each.rank)} of {each.rank.of}"))
    return list(lines)


_ROOM = 78
"""Columns from which on no number of the table has to be broken."""


@dataclass(frozen=True)
class _Lines:
    """The table of a contest, as wide as the terminal allows."""

    comparison: Comparison
    contest: Contest

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        yield _table(self.comparison, self.contest, whole=options.max_width >= _ROOM)


def _table(comparison: Comparison, contest: Contest, whole: bool) -> Table:
    """``whole``: names of metrics and numbers are not broken; cells with words may take several lines."""
    table = Table(box=SIMPLE, pad_edge=False, padding=0, show_edge=False)
    names = contest.reference.name, contest.candidate.name
    heads = ("dataset", "metric", *names, "difference [95 %]", "p", "+ / = / −", "verdict")
    widths = (6, 15, 6, 6, 10, 3, 9, 8)
    for head, width in zip(heads, widths, strict=True):
        justify: Literal["left", "right"] = "left" if head in ("dataset", "metric", "verdict") else "right"
        table.add_column(
            Text(head), justify=justify, overflow="fold", min_width=width if whole else None, no_wrap=whole and head == "metric"
        )
    previous = None
    for line in comparison.lines:
        if (line.reference, line.candidate) != (contest.reference.name, contest.candidate.name):
            continue
        dataset = comparison.heading(line.dataset)
        word = line.verdict.word
        table.add_row(
            Text("" if dataset == previous else dataset),
            Text(f"{line.metric.name} {arrow(line)}"),
            mean_text(line.reference_mean, line),
            mean_text(line.candidate_mean, line),
            Text(_difference(line)),
            p_text(line.p),
            Text(f"{wins_text(line)} ({clips_text(line)})" if line.missing else wins_text(line)),
            Text(f"{MARKS[word]} {word}", style=_STYLES[word]),
        )
        previous = dataset
    for together in comparison.together:
        if (together.reference, together.candidate) == (contest.reference.name, contest.candidate.name):
            word = together.verdict.word
            table.add_row(
                ALL_SETS,
                Text(f"{together.metric.name} {arrow(together)}"),
                "",
                "",
                Text(difference_text(together.sets.mean, together.sets.interval, together.metric.digits)),
                p_text(together.p),
                f"{together.sets.clips} clips",
                Text(f"{MARKS[word]} {word}", style=_STYLES[word]),
            )
    return table


def _clips(comparison: Comparison, contest: Contest) -> list[str]:
    """The clips of each line that differ most."""
    found = []
    for line in comparison.lines:
        if (line.reference, line.candidate) == (contest.reference.name, contest.candidate.name):
            best, worst = (", ".join(clip_text(line, *each) for each in end) for end in ends(line, _FEW))
            where = f"{comparison.heading(line.dataset)}, {line.metric.name}"
            found.append(f"{where}: best on {best}{f'; worst on {worst}' if worst else ''}")
    return found


def _costs(comparison: Comparison) -> Table:
    table = Table(box=SIMPLE, pad_edge=False)
    heads, rows = cost_table(comparison)
    for head in heads:
        table.add_column(head, justify="left" if head in ("method", "measured", "on") else "right", overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
