"""A table as plain text that fits the terminal, or 100 columns in a pipe: cells wrap, and nothing is cut."""

from __future__ import annotations

import shutil
import sys
import textwrap
from collections.abc import Sequence
from typing import Final

PIPE_WIDTH: Final = 100
_GAP: Final = "  "
_NARROWEST: Final = 8
"""Characters below which a cell is not squeezed; the table is wider than the terminal then."""


def print_width() -> int:
    """The columns of the terminal, or `PIPE_WIDTH` where standard output is none."""
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if sys.stdout.isatty() else PIPE_WIDTH


def text_table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The lines of a table. The first column, the names, is never broken; the others wrap where ``width`` is not enough.

    >>> text_table(["name", "licence"], [["a", "MIT, but for parts of it"]], 20)
    ['name  licence', 'a     MIT, but for', '      parts of it']
    """
    columns = list(zip(headings, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    room = width - len(_GAP) * (len(widths) - 1)
    while sum(widths) > room:
        # The widest gives way, so that short columns stay whole.
        widest = max(range(1, len(widths)), key=lambda place: widths[place], default=0)
        if not widest or widths[widest] <= _NARROWEST:
            break
        widths[widest] -= 1
    return [line for row in (headings, *rows) for line in _lines(row, widths)]


def _lines(row: Sequence[str], widths: Sequence[int]) -> list[str]:
    cells = [[row[0]], *(textwrap.wrap(cell, size) or [""] for cell, size in zip(row[1:], widths[1:], strict=True))]
    height = max(map(len, cells))
    filled = [cell + [""] * (height - len(cell)) for cell in cells]
    return [
        _GAP.join(part.ljust(size) for part, size in zip(parts, widths, strict=True)).rstrip()
        for parts in zip(*filled, strict=True)
    ]
