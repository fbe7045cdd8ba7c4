"""A table as LaTeX: the table by itself, and its notes."""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby

from mgld_bench.report.tables.table import Attribute, Table, TableCell

WIDEST = 10
"""More columns than this are not legible in one grid."""
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
    # Straight in the font encoding T1; a closing quotation mark in OT1, where \textquotedbl would be an error.
    '"': r"{\char34}",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "≈": r"$\approx$",
    "≠": r"$\neq$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "→": r"$\rightarrow$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "°": r"$^\circ$",
    "µ": r"$\mu$",
    "↑": r"$\uparrow$",
    "↓": r"$\downarrow$",
    "’": "'",
    "…": r"\ldots{}",
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
_GREEK = {
    **{"α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta", "η": "eta", "θ": "theta"},
    **{"ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu", "ξ": "xi", "π": "pi", "ρ": "rho"},
    **{"σ": "sigma", "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega"},
}
_NUMBER = re.compile(r"^Table \d+: *")
"""LaTeX numbers tables by itself."""
_JOINED = re.compile(r"-(?=-)|'(?=')|`(?=`)|,(?=,)|[?!](?=`)")
"""Characters that LaTeX would join with the next one to a dash, a quotation mark or an upside-down mark."""
_MINUS = re.compile(r"(?<=[ (\[])-(\d)")
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


_PREPARED = (
    r"\providecommand{\toprule}{\hline}\providecommand{\midrule}{\hline}\providecommand{\bottomrule}{\hline}",
    r"\ifdefined\cmidrule\else\def\cmidrule(lr)#1{\cline{#1}}\fi",
    r"\ifdefined\resizebox\else\def\resizebox#1#2#3{#3}\fi",
)
"""Stand-ins within the table for booktabs and graphicx, where a document does not load them."""
_MARKS = r"\def\yes{\ifdefined\checkmark$\checkmark$\else$\surd$\fi}\def\no{$\times$}"
"""The check mark of amssymb where a document loads that, else the one that every LaTeX has."""


def render_latex(table: Table) -> str:
    r"""The bare table to \input, with caption and label; it compiles with pdflatex in any document class, without packages.

    booktabs and graphicx are used where the document loads them. The grid is shrunk to the width of the text only where it is
    wider; more than WIDEST columns become one table per dataset. The best value is bold, the second best underlined, the interval
    a subscript, and the published value and difference stand below. What footnote marks stand for is in render_latex_notes().
    """
    lines = [r"% Looks best with \usepackage{booktabs} and \usepackage{graphicx}; its notes are in table-notes.tex."]
    for number, (start, stop) in enumerate(_blocks(table)):
        lines += [
            r"\begin{table*}[t]",
            *_PREPARED,
            *([_MARKS] if table.attributes else []),
            r"\centering",
            rf"\caption{{{_caption(table, start, first=number == 0)}}}",
            rf"\label{{{_label(table, number)}}}",
            r"\smallskip",
            *_fitted(_grid(table, start, stop)),
            r"\end{table*}",
        ]
    return "\n".join(lines) + "\n"


def render_latex_notes(table: Table) -> str:
    r"""What stands around the table, as paragraphs to \input: warnings, protocol, legend, footnotes, differences, notes."""
    lines = [
        rf"% Notes of Table~\ref{{{_label(table, 0)}}}: what a paper's text or supplement may take from.",
        r"{\footnotesize\raggedright",
    ]
    lines += [rf"\textbf{{Warning:}} {escape(warning)}\par" for warning in table.warnings]
    lines += [rf"{escape(text)}\par" for text in (table.about, table.caption) if text]
    lines.append(rf"{'; '.join(map(escape, table.legend))}.\par")
    lines += [rf"$^{{\mathrm{{{note.mark}}}}}$ {escape(note.text)}\par" for note in table.footnotes]
    lines += [rf"{escape(block.in_words)}\par" for block in table.blocks]
    lines += [rf"{_signed(escape(line))}\par" for line in table.differences]
    lines += [rf"{escape(line)}\par" for line in (*table.notes, *table.fine_print)]
    return "\n".join((*lines, "}")) + "\n"


def escape(text: str) -> str:
    """``text`` as literal LaTeX for any engine and font: what cannot be written is named, as [U+4E2D]."""
    return _JOINED.sub(r"\g<0>{}", "".join(map(_character, " ".join(text.split()))))


def _character(character: str) -> str:
    if character in _LITERAL:
        return _LITERAL[character]
    if character in _GREEK:
        return rf"$\{_GREEK[character]}$"
    if character.isascii():
        return character if character.isprintable() else ""
    parts = unicodedata.normalize("NFD", character)
    if len(parts) == 2 and parts[0].isascii() and parts[1] in _ACCENTS:
        return rf"\{_ACCENTS[parts[1]]}{{{parts[0]}}}"
    return f"[U+{ord(character):04X}]"


def _blocks(table: Table) -> list[tuple[int, int]]:
    """First column and the one after the last of each grid."""
    if len(table.columns) <= WIDEST or len(table.columns[0]) == 1:
        return [(0, len(table.columns))]
    blocks, start = [], 0
    for _, members in groupby(column[0] for column in table.columns):
        stop = start + len(list(members))
        blocks.append((start, stop))
        start = stop
    return blocks


def _fitted(grid: list[str]) -> list[str]:
    return [
        r"\setbox0\hbox{\setlength{\tabcolsep}{4pt}%",
        *grid,
        r"}%",
        r"\leavevmode\ifdim\wd0>\linewidth\resizebox{\linewidth}{!}{\box0}\else\box0\fi",
        r"\par\medskip",
    ]


def _grid(table: Table, start: int, stop: int) -> list[str]:
    count = len(table.row_titles) + len(table.attribute_titles)
    columns = table.columns[start:stop]
    aligned = f"{'l' * len(table.row_titles)}{'c' * len(table.attribute_titles)}{'r' * len(columns)}"
    lines = [rf"\begin{{tabular}}{{{aligned}}}", r"\toprule"]
    last = len(columns[0]) - 1
    for level in range(last):
        groups = [(heading, len(list(members))) for heading, members in groupby(column[level] for column in columns)]
        headings = [rf"\multicolumn{{{size}}}{{c}}{{{escape(heading.label)}}}" for heading, size in groups]
        lines.append(_line([*[""] * count, *headings]))
        lines += _group_rules(count, [size for _, size in groups])
    titles = map(escape, (*table.row_titles, *table.attribute_titles))
    lines.append(_line([*titles, *(escape(column[last].label) for column in columns)]))
    lines.append(r"\midrule")
    for index, (row, attributes, cells) in enumerate(table.lines):
        again = index > 0 and len(row) > 1 and row[0] == table.rows[index - 1][0]
        if index and len(row) > 1 and not again:
            lines.append(r"\midrule")
        headings = ["" if again and level == 0 else escape(heading.label) for level, heading in enumerate(row)]
        lines.append(_line([*headings, *map(_attribute, attributes), *map(_cell, cells[start:stop])]))
        if any(cell.published_text for cell in cells[start:stop]):
            lines.append(_line([*[""] * count, *map(_published, cells[start:stop])]))
    return [*lines, r"\bottomrule", r"\end{tabular}%"]


def _line(fields: list[str]) -> str:
    # The end of the row above, and a rule of booktabs, would take a bracket or a star after it for their own.
    start = "{}" if fields[0].startswith(("[", "*")) else ""
    return rf"{start}{' & '.join(fields)} \\"


def _group_rules(first: int, sizes: list[int]) -> list[str]:
    rules = []
    for size in sizes:
        rules.append(rf"\cmidrule(lr){{{first + 1}-{first + size}}}")
        first += size
    return rules


def _attribute(attribute: Attribute) -> str:
    if isinstance(attribute.value, bool):
        return r"\yes" if attribute.value else r"\no"
    return escape(attribute.text)


def _cell(cell: TableCell) -> str:
    value = escape(cell.text)
    text = {"best": rf"\textbf{{{value}}}", "second": rf"\underline{{{value}}}", "": value}[cell.rank]
    if cell.half_width is not None:
        interval = cell.interval_text.replace("±", r"\pm ")
        text += f"$_{{{interval}}}$"
    signs = [*([r"\approx"] if cell.tied else []), *([rf"\mathrm{{{','.join(cell.marks)}}}"] if cell.marks else [])]
    return f"{text}$^{{{','.join(signs)}}}$" if signs else text


def _published(cell: TableCell) -> str:
    return rf"\scriptsize {_signed(escape(cell.published_text))}" if cell.published_text else ""


def _signed(text: str) -> str:
    """Escaped text, with the hyphens before its numbers as minus signs."""
    return _MINUS.sub(r"$-$\g<1>", text)


def _caption(table: Table, start: int, first: bool) -> str:
    title = escape(_NUMBER.sub("", table.title))
    if first:
        return f"{title}. {escape(table.explanation)}".strip()
    return f"{title}, continued: {escape(table.columns[start][0].label)}."


def _label(table: Table, number: int) -> str:
    """Names of cards have no character that a label cannot have."""
    return f"tab:{table.name}{f'-{number + 1}' if number else ''}"
