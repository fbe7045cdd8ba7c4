"""How figures look: one colour, marker and line per method in all figures of a report, and reproducible files."""

from __future__ import annotations

import io
from collections.abc import Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.highlighted import highlighted_methods
from mgld_bench.shown_text import visible

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Line = Literal["-", "--", ":", "-."]
FILE_FORMATS = ("png", "svg", "pdf")
SCREEN_DPI = 150
"""Of PNG files that the page shows; figures for print have at least PRINT_DPI."""
PRINT_DPI = 300

# Okabe and Ito's palette for all kinds of colour vision, without its yellow, which is too pale for lines on white, and further
# colours chosen to stay apart from these, and from each other, for people with protanopia, deuteranopia and tritanopia.
_COLOURS = (
    *("#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9", "#000000"),
    *("#661100", "#332288", "#999933", "#882255", "#762A83"),
)
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*", "p", "h")
_LINES: tuple[Line, ...] = ("-", "--", "-.", ":")
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
    "savefig.dpi": SCREEN_DPI,
    "figure.facecolor": "white",
    # Names are printed as they are: a $ in one is no formula.
    "text.parse_math": False,
    "axes.unicode_minus": True,
    "svg.hashsalt": "mgld-bench",
    # Letters as outlines: the same everywhere, whichever fonts there are.
    "svg.fonttype": "path",
    # TrueType, embedded: several publishers refuse Type 3.
    "pdf.fonttype": 42,
}
_WITHOUT_DATES: Mapping[str, dict[str, None]] = {"png": {}, "svg": {"Date": None}, "pdf": {"CreationDate": None}}


@dataclass(frozen=True)
class MethodStyle:
    """How one method is drawn."""

    colour: str
    marker: str
    line: Line
    highlighted: bool = False
    """Thicker and larger than the others, its name bold."""

    @property
    def line_width(self) -> float:
        """Points."""
        return 2.3 if self.highlighted else 1.4

    @property
    def weight(self) -> Literal["bold", "normal"]:
        """Of its name."""
        return "bold" if self.highlighted else "normal"


def method_styles(data: ReportData) -> dict[str, MethodStyle]:
    """By method name. Its place in the report card decides, so that leaving out methods changes no colour."""
    names = dict.fromkeys((*data.card.methods, *data.methods))
    highlighted = highlighted_methods(data)
    return {name: _style(index, name in highlighted) for index, name in enumerate(names)}


def plain_styles(count: int) -> list[MethodStyle]:
    """So many styles for things other than methods, such as datasets."""
    return [_style(index, highlighted=False) for index in range(count)]


def _style(index: int, highlighted: bool) -> MethodStyle:
    """Neighbours differ in colour, marker and line; no two of the first 48 are alike."""
    again = index // len(_COLOURS)
    return MethodStyle(
        _COLOURS[index % len(_COLOURS)], _MARKERS[index % len(_MARKERS)], _LINES[(index + again) % len(_LINES)], highlighted
    )


def figure_settings() -> AbstractContextManager[None]:
    """A context in which figures are made and saved; the user's settings of matplotlib have no effect."""
    # Here, because colours and lines of methods are wanted where nothing is drawn.
    from matplotlib import style

    return style.context(["default", _SETTINGS])


def save_figure(figure: Figure, path: Path, dpi: float = SCREEN_DPI) -> tuple[Path, ...]:
    """Write ``figure`` beside ``path`` as PNG, SVG and PDF (its ending is added). The same figure gives the same bytes."""
    written = []
    for name, content in figure_files(figure, dpi).items():
        written.append(path.with_name(f"{path.name}.{name}"))
        write_bytes_atomic(written[-1], content)
    return tuple(written)


def figure_files(figure: Figure, dpi: float = SCREEN_DPI) -> dict[str, bytes]:
    """``figure`` as PNG, SVG and PDF, by ending. The same figure gives the same bytes."""
    # The layout is computed once, not for each format.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    files = {}
    for name in FILE_FORMATS:
        buffer = io.BytesIO()
        figure.savefig(buffer, format=name, dpi=dpi, metadata=_WITHOUT_DATES[name])
        content = buffer.getvalue()
        # XML has no way to hold control characters, which a name in the results may have.
        files[name] = visible(content.decode()).encode() if name == "svg" else content
    return files
