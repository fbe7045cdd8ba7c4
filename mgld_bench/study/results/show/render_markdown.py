"""A study's result as GitHub-flavoured Markdown."""

from __future__ import annotations

from mgld_bench.report.tables.render_markdown import escape
from mgld_bench.study.results.result import StudyResult
from mgld_bench.study.results.show.tables import (
    TextTable,
    matrix_table,
    metrics_table,
    pairs_table,
    participants_table,
    strengths_table,
)
from mgld_bench.study.results.show.words import HOW, HOW_METRICS, agreement_text, counted_text, headline, title


def render_markdown(result: StudyResult) -> str:
    """The result."""
    parts = [f"# {escape(title(result))}"]
    parts += [f"**Preliminary:** {escape(result.preliminary)}."] if result.preliminary else []
    parts.append("\n".join(f"- {escape(line)}" for line in headline(result)))
    parts += [f"> **Missing:** {escape(text)}" for text in result.missing]
    parts += [f"> {escape(note)}" for note in (*result.notes, *result.metric_notes)]
    for question in result.questions:
        parts.append(f"## {escape(question.name or 'All votes')}")
        parts += [f"*{escape(question.text)}*"] if question.text else []
        if not question.votes:
            parts.append("No votes that count.")
            continue
        parts.append(escape(counted_text(question)))
        parts += [_table(table) for table in (strengths_table(question), pairs_table(question), matrix_table(question))]
        parts.append(escape(agreement_text(question.agreement)))
        of_question = [each for each in result.metrics if each.question == question.name]
        parts += [_table(metrics_table(of_question))] if of_question else []
    if result.conduct:
        parts += ["## Participants", _table(participants_table(result), heading=False), escape(result.rule)]
    parts += ["## How this was computed", escape(HOW), *([escape(HOW_METRICS)] if result.metrics else [])]
    return "\n\n".join(parts) + "\n"


def _table(table: TextTable, heading: bool = True) -> str:
    lines = [f"### {escape(table.title)}", ""] if heading else []
    lines.append(f"| {' | '.join(escape(head) for head in table.heads)} |")
    lines.append(f"|{'|'.join(':---' if column in table.words else '---:' for column in range(len(table.heads)))}|")
    lines += [f"| {' | '.join(escape(cell) for cell in row)} |" for row in table.rows]
    return "\n".join(lines)
