"""A figure laid out in pixels: pictures whose every pixel stays a whole number of the PNG's, with names set below them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties, findfont
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle
from PIL import Image, ImageFont

from mgld_bench.cards.figures import Enlargement
from mgld_bench.clips.clip import Frame

BOX_COLOUR = "#FFD200"
INK, GREY = "#141414", "#5F5F5F"
FONT_SIZE, SMALL_FONT_SIZE = 7.5, 6.5
"""Points."""
LINE_HEIGHT = 1.3
"""Of text, in font sizes."""


class PixelPage:
    """A white page of ``width`` x ``height`` pixels, ``dpi`` of which are an inch. Make it within figure_settings()."""

    def __init__(self, width: int, height: int, dpi: float) -> None:
        self.figure = Figure(figsize=(width / dpi, height / dpi), dpi=dpi)
        self.dpi = dpi
        self._size = (width, height)

    def picture(self, frame: Frame, left: int, top: int) -> None:
        """Put ``frame`` there, pixel by pixel."""
        height, width = frame.shape[:2]
        axes = self.figure.add_axes(self._place(left, top, width, height))
        axes.imshow(frame, interpolation="none", aspect="auto")
        axes.set_axis_off()

    def outline(
        self, left: float, top: float, width: float, height: float, colour: str = BOX_COLOUR, points: float = 1.2
    ) -> None:
        """A frame of lines, dark outside so that it shows on any picture."""
        # On the figure, not on a picture's axes, which would cut off the half of the line that is outside.
        for edge, line_width in (("black", points + 0.9), (colour, points)):
            x, y, across, down = self._place(left, top, width, height)
            self.figure.add_artist(
                Rectangle(
                    (x, y), across, down, fill=False, edgecolor=edge, linewidth=line_width, transform=self.figure.transFigure
                )
            )

    def blank(self, left: int, top: int, width: int, height: int, reason: str) -> None:
        """An empty place, with what is missing."""
        x, y, across, down = self._place(left, top, width, height)
        self.figure.add_artist(
            Rectangle((x, y), across, down, facecolor="#f2f2f2", edgecolor="#bbbbbb", linewidth=0.5, hatch=None)
        )
        label = fit_label(reason, SMALL_FONT_SIZE, 0.9 * width / self.dpi, max(1, int(height / self.dpi / 0.12)))
        self.text(label.text, left + width / 2, top + height / 2, size=label.size, colour=GREY, vertical="center")

    def line(self, x: tuple[float, float], y: tuple[float, float]) -> None:
        """A line, dark on both sides so that it shows on any picture."""
        places = [[value / self._size[0] for value in x], [1 - value / self._size[1] for value in y]]
        for colour, points in (("black", 2.2), (BOX_COLOUR, 1.1)):
            self.figure.add_artist(Line2D(*places, color=colour, linewidth=points, solid_capstyle="butt"))

    def text(
        self,
        text: str,
        x: float,
        y: float,
        *,
        size: float = FONT_SIZE,
        bold: bool = False,
        colour: str = INK,
        align: Literal["left", "center", "right"] = "center",
        vertical: Literal["top", "center", "bottom"] = "top",
        rotation: float = 0,
    ) -> None:
        """Write ``text`` as it is; (x, y) is the place named by ``align`` and ``vertical``, in pixels from the upper left."""
        self.figure.text(
            x / self._size[0],
            1 - y / self._size[1],
            text,
            fontsize=size,
            fontweight="bold" if bold else "normal",
            color=colour,
            ha=align,
            va=vertical,
            rotation=rotation,
            linespacing=1.1,
        )

    def _place(self, left: float, top: float, width: float, height: float) -> tuple[float, float, float, float]:
        across, down = self._size
        return (left / across, 1 - (top + height) / down, width / across, height / down)


def line_pixels(lines: int, dpi: float, size: float = FONT_SIZE) -> int:
    """The height of so many lines of text."""
    return round(lines * size * LINE_HEIGHT * dpi / 72)


def enlarge(frame: Frame, width: int, height: int, how: Enlargement) -> Frame:
    """``frame`` at this size."""
    method = Image.Resampling.NEAREST if how == "nearest" else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(np.ascontiguousarray(frame)).resize((width, height), method), dtype=np.uint8)


def fitted(frame: Frame, width: int, height: int) -> Frame:
    """A whole frame at this size: averaged where it gets smaller, bicubic where it gets larger."""
    method = Image.Resampling.BOX if frame.shape[1] > width else Image.Resampling.BICUBIC
    return np.asarray(Image.fromarray(frame).resize((width, height), method), dtype=np.uint8)


@dataclass(frozen=True)
class Label:
    """Text as it fits."""

    lines: tuple[str, ...]
    size: float
    """Points."""

    @property
    def text(self) -> str:
        """To be drawn."""
        return "\n".join(self.lines)


def fit_label(text: str, size: float, width: float, most: int, bold: bool = False) -> Label:
    """``text`` in at most ``most`` lines of ``width`` inches, in smaller letters where it needs them.

    What does not fit in the smallest ends in …: captions and pages have it in full.
    """
    for smaller in (size, *(points for points in (6.5, 5.5, 5.0) if points < size)):
        lines, whole = _wrapped(text, smaller, width, most, bold)
        if whole:
            break
    return Label(tuple(lines), smaller)


def _wrapped(text: str, size: float, width: float, most: int, bold: bool) -> tuple[list[str], bool]:
    """The lines, and whether all of the text is in them."""
    lines: list[str] = []
    # With the space in front of each; a word may also be divided behind its hyphens.
    words, whole = re.findall(r"\s*[^\s-]*-*", text.strip()), True
    while any(words) and len(lines) < most:
        count = 1
        while count < len(words) and text_width("".join(words[: count + 1]), size, bold) <= width:
            count += 1
        last = len(lines) == most - 1
        line = "".join(words if last else words[:count]).strip()
        fits = text_width(line, size, bold) <= width
        whole = whole and fits
        lines.append(line if fits else _cut(line, size, width, bold))
        words = [] if last else words[count:]
    return lines, whole


def text_width(text: str, size: float, bold: bool = False) -> float:
    """Inches."""
    return _font(bold).getlength(text) * size / _MEASURED / 72


def _cut(line: str, size: float, width: float, bold: bool) -> str:
    kept = line
    while kept and text_width(f"{kept}…", size, bold) > width:
        kept = kept[:-1]
    return f"{kept}…"


_MEASURED = 100
"""The font size at which text is measured."""


@lru_cache(maxsize=2)
def _font(bold: bool) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(findfont(FontProperties(family="DejaVu Sans", weight="bold" if bold else "normal")), _MEASURED)
