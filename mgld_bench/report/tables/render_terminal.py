"""A table on a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from rich import box
from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.table import Table as RichTable
from rich.text import Text

from mgld_bench.report.tables.beside import PublishedBlock
from mgld_bench.report.tables.table import Table, TableCell


def render_terminal(table: Table) -> RenderableType:
    """The table, its warnings and notes, to print with rich. What is too wide is continued in further blocks, never cut off."""
    parts: list[RenderableType] = [Text(table.title, style="bold")]
    parts += [Text(table.about, style="dim")] if table.about else []
    parts += [Text(f"Warning: {warning}", style="yellow") for warning in table.warnings]
    parts.append(_Blocks(table))
    parts += [part for block in table.blocks for part in (Text(block.title), _published(block))]
    parts.append(Text(" ".join((table.caption, f"{'; '.join(table.legend)}.", table.explanation)).strip(), style="dim"))
    parts += [Text(f"{note.mark}  {note.text}", style="dim") for note in table.footnotes]
    parts += [Text(note, style="dim") for note in table.notes]
    return Group(*parts)


class _Blocks:
    """As many columns side by side as fit, then the next ones."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> Iterator[RenderableType]:
        start = 0
        while start < len(self._table.columns):
            stop = start + 1
            while stop < len(self._table.columns) and self._fits(start, stop + 1, console, options):
                stop += 1
            yield self._block(start, stop)
            start = stop

    def _fits(self, start: int, stop: int, console: Console, options: ConsoleOptions) -> bool:
        unlimited = options.update(max_width=10_000)
        return Measurement.get(console, unlimited, self._block(start, stop)).maximum <= options.max_width

    def _block(self, start: int, stop: int) -> RichTable:
        table = self._table
        block = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
        for title in table.row_titles:
            block.add_column(Text(title), no_wrap=True)
        for title in table.attribute_titles:
            block.add_column(Text(title), justify="center", no_wrap=True)
        for column in table.columns[start:stop]:
            block.add_column(Text("\n".join(heading.label for heading in column)), justify="right", no_wrap=True)
        for index, (row, attributes, cells) in enumerate(table.lines):
            again = index > 0 and len(row) > 1 and row[0] == table.rows[index - 1][0]
            if index and len(row) > 1 and not again:
                block.add_section()
            headings = ["" if again and level == 0 else heading.label for level, heading in enumerate(row)]
            block.add_row(*map(Text, (*headings, *(one.text for one in attributes))), *map(_cell, cells[start:stop]))
        return block


def _published(block: PublishedBlock) -> RichTable:
    table = RichTable(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(Text("Method"), overflow="fold")
    for title in block.columns:
        table.add_column(Text(title), justify="right", no_wrap=True)
    for method, values in block.rows:
        table.add_row(*map(Text, (method, *values)))
    return table


def _cell(cell: TableCell) -> Text:
    text = Text(cell.text, style={"best": "bold", "second": "underline", "": ""}[cell.rank])
    styled = Text.assemble(text, (f" {cell.interval_text}" if cell.interval_text else "", "dim"))
    if cell.signs:
        styled.append(f" {','.join(cell.signs)}", style="dim")
    if cell.published_text:
        styled.append(f"\n{cell.published_text}", style="dim")
    return styled
