"""A table as GitHub-flavoured Markdown."""

from __future__ import annotations

import re

from mgld_bench.report.tables.beside import PublishedBlock
from mgld_bench.report.tables.table import Heading, Table, TableCell

_SPECIAL = re.compile(r"([\\`*_{}\[\]#|~$])")
_LINE_BREAKS = re.compile(r"\s*[\r\n]+\s*")


def render_markdown(table: Table) -> str:
    """The table with its title, warnings, caption, legend, differences and notes. Best is bold, second best underlined."""
    parts = [f"# {escape(table.title)}"]
    parts.append(escape(table.about))
    parts += [f"> **Warning:** {escape(warning)}" for warning in table.warnings]
    parts.append(_grid(table))
    parts += [f"{escape(block.title)}:\n\n{_block(block)}" for block in table.blocks]
    parts.append(escape(table.caption))
    parts.append("; ".join(escape(line) for line in table.legend) + ".")
    parts.append(escape(table.explanation))
    if table.footnotes:
        parts.append("\n".join(f"- <sup>{note.mark}</sup> {escape(note.text)}" for note in table.footnotes))
    if table.differences:
        title, *lines = map(escape, table.differences)
        parts.append("\n".join((f"{title}\n", *(f"- {line}" for line in lines))))
    if table.notes or table.fine_print:
        parts.append("\n".join(f"- {escape(note)}" for note in (*table.notes, *table.fine_print)))
    return "\n\n".join(part for part in parts if part) + "\n"


def escape(text: str) -> str:
    """``text`` as literal Markdown in one line: no markup, no HTML, no cell border."""
    literal = _SPECIAL.sub(r"\\\1", _LINE_BREAKS.sub(" ", text))
    return literal.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _grid(table: Table) -> str:
    titles = [*map(escape, (*table.row_titles, *table.attribute_titles)), *(_column(column) for column in table.columns)]
    rule = ["---"] * len(table.row_titles) + [":---:"] * len(table.attribute_titles) + ["---:"] * len(table.columns)
    lines = [titles, rule]
    for row, attributes, cells in table.lines:
        headings = (*(heading.label for heading in row), *(attribute.text for attribute in attributes))
        lines.append([*map(escape, headings), *map(_cell, cells)])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _block(block: PublishedBlock) -> str:
    lines = [["Method", *map(escape, block.columns)], ["---", *["---:"] * len(block.columns)]]
    lines += [[escape(method), *map(escape, values)] for method, values in block.rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _column(column: tuple[Heading, ...]) -> str:
    # Markdown has one line of headings: the levels are stacked in it.
    return "<br>".join(escape(heading.label) for heading in column)


def _cell(cell: TableCell) -> str:
    text = {"best": f"**{cell.text}**", "second": f"<u>{cell.text}</u>", "": cell.text}[cell.rank]
    if cell.signs:
        text += f" <sup>{','.join(cell.signs)}</sup>"
    if cell.interval_text:
        text += f" {cell.interval_text}"
    return f"{text}<br>{cell.published_text}" if cell.published_text else text
