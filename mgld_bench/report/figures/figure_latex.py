"""The LaTeX snippet of a figure: its picture with caption and label."""

from __future__ import annotations

import re

from mgld_bench.report.tables.render_latex import escape

_NUMBER = re.compile(r"^Figure \d+: *")
"""LaTeX numbers figures by itself."""
ONE_COLUMN, TWO_COLUMNS = 4.0, 7.0
"""Inches: a figure that is wider than one column of a page with two spans both, and is no larger in print than it was drawn."""


def render_figure_latex(stem: str, title: str, caption: str, statement: str, width: float) -> str:
    r"""A figure environment that compiles with pdflatex in any class that loads graphicx.

    Args:
        stem: of the figure's files, which lie beside the snippet; set \graphicspath where they are not beside the document.
        title: in front of the caption; a number of the figure in it is left out.
        caption: of the card.
        statement: what the figure has to state.
        width: of the figure in inches.
    """
    star, full = ("*", TWO_COLUMNS) if width > ONE_COLUMN else ("", ONE_COLUMN)
    share = f"{width / full:.2f}" if width < 0.95 * full else ""
    text = " ".join(part for part in (_sentence(_NUMBER.sub("", title)), caption, statement) if part)
    return "\n".join(
        (
            r"% Needs \usepackage{graphicx}; \graphicspath{{FOLDER/}} where the picture is not beside the document.",
            rf"\begin{{figure{star}}}[t]",
            r"\centering",
            # The name has only letters, digits and . _ - in it; as a name and not as text, in which _ would be an error.
            rf"\includegraphics[width={share}\linewidth]{{\detokenize{{{stem}.pdf}}}}",
            rf"\caption{{{escape(text)}}}",
            rf"\label{{fig:{stem.replace('_', '-')}}}",
            rf"\end{{figure{star}}}",
            "",
        )
    )


def _sentence(text: str) -> str:
    return text if not text or text.endswith((".", "!", "?")) else f"{text[0].upper()}{text[1:]}."
