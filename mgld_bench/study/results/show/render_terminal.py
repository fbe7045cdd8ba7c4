"""A study's result on a terminal."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from rich.box import SIMPLE
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.table import Table
from rich.text import Text

from mgld_bench.study.results.result import StudyResult
from mgld_bench.study.results.show.tables import TextTable, metrics_table, pairs_table, participants_table, strengths_table
from mgld_bench.study.results.show.words import HOW, HOW_METRICS, agreement_text, counted_text, headline, title


def render_terminal(result: StudyResult) -> RenderableType:
    """The result as tables that fold where the terminal is narrow; nothing is cut."""
    parts: list[RenderableType] = [Text(title(result), style="bold")]
    parts += [Text(f"preliminary: {result.preliminary}", style="yellow")] if result.preliminary else []
    for question in result.questions:
        name = " ".join(part for part in (question.name, f"“{question.text}”" if question.text else "") if part)
        parts += [Text(), Text(name or "All votes", style="bold")]
        if not question.votes:
            parts.append(Text("no votes that count"))
            continue
        parts += [
            Text(counted_text(question)),
            _Drawn(strengths_table(question)),
            _Drawn(pairs_table(question)),
            Text(agreement_text(question.agreement)),
        ]
        of_question = [each for each in result.metrics if each.question == question.name]
        if of_question:
            parts += [Text(), Text("Which metric would have told?"), _Drawn(metrics_table(of_question))]
    if result.conduct:
        parts += [Text(), Text("Participants", style="bold"), _Drawn(participants_table(result)), Text(result.rule)]
    parts += [Text(), *(Text(line, style="bold") for line in headline(result))]
    parts += [Text(f"note: {note}") for note in (*result.notes, *result.metric_notes)]
    parts += [Text(HOW, style="dim"), *([Text(HOW_METRICS, style="dim")] if result.metrics else [])]
    parts += [Text(f"missing: {text}", style="yellow") for text in result.missing]
    return Group(*parts)


_ROOM = 76
"""Columns from which on no number of a table has to be broken."""


@dataclass(frozen=True)
class _Drawn:
    """A table, as wide as the terminal allows."""

    table: TextTable

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        drawn = Table(box=SIMPLE, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
        for column, head in enumerate(self.table.heads):
            cells = max((len(row[column]) for row in self.table.rows), default=0)
            words = column in self.table.words
            if words:
                drawn.add_column(Text(head), overflow="fold")
                continue
            # A heading is as narrow as the numbers below it: then room is left for names.
            lines = textwrap.wrap(head, max(cells, *map(len, head.split()))) if head else [""]
            whole = max(cells, *map(len, lines)) if options.max_width >= _ROOM else None
            drawn.add_column(Text("\n".join(lines)), justify="right", overflow="fold", min_width=whole)
        for row in self.table.rows:
            drawn.add_row(*map(Text, row))
        yield drawn
