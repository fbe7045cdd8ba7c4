"""A table as LaTeX, with booktabs."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

from mgld_bench.report.table import Heading, Table, TableCell

_LITERAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "°": r"$^\circ$",
    "µ": r"$\mu$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "’": "'",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
    "ı": r"\i{}",
}
_JOINED = re.compile(r"-(?=-)|'(?=')|`(?=`)|,(?=,)|[?!](?=`)")
"""Characters that LaTeX would join with the next one to a dash, a quotation mark or an upside-down mark."""
_ACCENTS = {
    "\u0300": "`",
    "\u0301": "'",
    "\u0302": "^",
    "\u0303": "~",
    "\u0304": "=",
    "\u0306": "u",
    "\u0307": ".",
    "\u0308": '"',
    "\u030a": "r",
    "\u030b": "H",
    "\u030c": "v",
    "\u0327": "c",
}


def render_latex(table: Table) -> str:
    r"""A table environment to \input: needs \usepackage{booktabs}, {graphicx} and [T1]{fontenc}.

    The grid is shrunk to the width of the text only where it is wider. The best value is bold, the second best underlined, the
    interval is a subscript, and the published value and difference stand below.
    """
    lines = [
        r"% Needs \usepackage{booktabs}, \usepackage{graphicx} and \usepackage[T1]{fontenc}.",
        r"\begin{table*}[t]",
        r"\centering",
        rf"\caption{{{escape(table.title)}. {escape(table.caption)} {_explanation(table)}}}",
        r"\setbox0\hbox{\setlength{\tabcolsep}{4pt}%",
        *_grid(table),
        r"}%",
        r"\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\box0}\else\box0\fi",
        r"\par\smallskip",
        r"\begin{minipage}{\linewidth}\footnotesize\raggedright",
        *_below(table),
        r"\end{minipage}",
        r"\end{table*}",
    ]
    return "\n".join(lines) + "\n"


def escape(text: str) -> str:
    """``text`` as literal LaTeX for any engine and font: what cannot be written is named, as [U+4E2D]."""
    return _JOINED.sub(r"\g<0>{}", "".join(map(_character, " ".join(text.split()))))


def _character(character: str) -> str:
    if character in _LITERAL:
        return _LITERAL[character]
    if character.isascii():
        return character if character.isprintable() else ""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        return rf"\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"[U+{ord(character):04X}]"


def _grid(table: Table) -> list[str]:
    count = len(table.row_titles)
    lines = [rf"\begin{{tabular}}{{{'l' * count}{'r' * len(table.columns)}}}", r"\toprule"]
    levels = range(len(table.columns[0]))
    for level in levels:
        last = level == levels[-1]
        titles = [escape(title) if last else "" for title in table.row_titles]
        lines.append(" & ".join([*titles, *_column_headings(table, level, last)]) + r" \\")
        if not last:
            lines += _group_rules(table, level)
    lines.append(r"\midrule")
    previous: tuple[Heading, ...] = ()
    for row, cells in zip(table.rows, table.cells, strict=True):
        grouped = len(row) > 1
        if grouped and previous and previous[0] != row[0]:
            lines.append(r"\midrule")
        same = grouped and bool(previous) and previous[0] == row[0]
        headings = ["" if same and index == 0 else escape(heading.label) for index, heading in enumerate(row)]
        lines.append(" & ".join([*headings, *map(_cell, cells)]) + r" \\")
        if any(cell.published_text for cell in cells):
            lines.append(" & ".join([*[""] * len(row), *map(_published, cells)]) + r" \\")
        previous = row
    return [*lines, r"\bottomrule", r"\end{tabular}%"]


def _column_headings(table: Table, level: int, last: bool) -> list[str]:
    if last:
        return [escape(column[level].label) for column in table.columns]
    groups = [(heading, len(list(members))) for heading, members in groupby(column[level] for column in table.columns)]
    return [rf"\multicolumn{{{size}}}{{c}}{{{escape(heading.label)}}}" for heading, size in groups]


def _group_rules(table: Table, level: int) -> list[str]:
    rules, first = [], len(table.row_titles) + 1
    for _, members in groupby(column[level] for column in table.columns):
        last = first + len(list(members)) - 1
        rules.append(rf"\cmidrule(lr){{{first}-{last}}}")
        first = last + 1
    return rules


def _cell(cell: TableCell) -> str:
    value = escape(cell.text)
    text = {"best": rf"\textbf{{{value}}}", "second": rf"\underline{{{value}}}", "": value}[cell.rank]
    if cell.half_width is not None:
        text += rf"$_{{\pm {cell.interval_text.removeprefix('±')}}}$"
    return rf"{text}$^{{\mathrm{{{','.join(cell.marks)}}}}}$" if cell.marks else text


def _published(cell: TableCell) -> str:
    return rf"\scriptsize {escape(cell.published_text)}" if cell.published_text else ""


def _explanation(table: Table) -> str:
    parts = []
    if any(cell.rank for row in table.cells for cell in row):
        parts.append("Bold: best; underlined: second best, among the methods with every clip of a dataset.")
    if table.published_source:
        parts.append("Small: published value, and in brackets ours minus published.")
    return " ".join(parts)


def _below(table: Table) -> list[str]:
    lines = [rf"\textbf{{Warning:}} {escape(warning)}\par" for warning in table.warnings]
    lines.append("; ".join(map(escape, table.legend)) + r".\par")
    lines += [rf"$^{{\mathrm{{{note.mark}}}}}$ {escape(note.text)}\par" for note in table.footnotes]
    lines += [rf"{escape(note)}\par" for note in (*table.notes, *table.fine_print)]
    return lines
