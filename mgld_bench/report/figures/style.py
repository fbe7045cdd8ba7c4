"""How figures look: one colour, marker and line per method in all figures of a report, and reproducible files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from matplotlib import style
from matplotlib.figure import Figure

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.report.collect.data import ReportData

Line = Literal["-", "--", ":", "-."]
FILE_FORMATS = ("png", "svg", "pdf")

# Okabe and Ito's palette for all kinds of colour vision, without its yellow, which is too pale for lines on white.
_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000")
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">")
_LINES: tuple[Line, ...] = ("-", "--", ":", "-.")
_SETTINGS: dict[str, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "savefig.dpi": 150,
    "figure.facecolor": "white",
    # Names are printed as they are: a $ in one is no formula.
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "svg.hashsalt": "mgld-bench",
    "pdf.fonttype": 42,
}
_WITHOUT_DATES: Mapping[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


@dataclass(frozen=True)
class MethodStyle:
    """How one method is drawn."""

    colour: str
    marker: str
    line: Line


def method_styles(data: ReportData) -> dict[str, MethodStyle]:
    """By method name. Its place in the report card decides, so that leaving out methods changes no colour."""
    names = dict.fromkeys((*data.card.methods, *data.methods))
    return {
        name: MethodStyle(
            _COLOURS[index % len(_COLOURS)], _MARKERS[index % len(_MARKERS)], _LINES[index // len(_COLOURS) % len(_LINES)]
        )
        for index, name in enumerate(names)
    }


def figure_settings() -> AbstractContextManager[None]:
    """A context in which figures are made and saved; the user's settings of matplotlib have no effect."""
    return style.context(["default", _SETTINGS])


def save_figure(figure: Figure, path: Path) -> tuple[Path, ...]:
    """Write ``figure`` beside ``path`` as PNG, SVG and PDF (its ending is added). The same figure gives the same bytes."""
    # The layout is computed once, not for each format.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    written = []
    for name in FILE_FORMATS:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=name, metadata=_WITHOUT_DATES[name])
        written.append(path.with_name(f"{path.name}.{name}"))
        write_bytes_atomic(written[-1], buffer.getvalue())
    return tuple(written)
