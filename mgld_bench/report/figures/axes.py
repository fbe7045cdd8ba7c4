"""What the figures of numbers share: axes with plain numbers, legends, and names beside points that do not overlap."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator, SymmetricalLogLocator
from matplotlib.transforms import Bbox

from mgld_bench.report.figures.pixel_page import GREY, INK, text_width
from mgld_bench.report.figures.style import MethodStyle

ARROWS = {"higher": "↑", "lower": "↓"}
LEGEND_ROW = 0.17
"""Inches."""


def plain_number(value: float) -> str:
    """Without an exponent, which matplotlib would write as a formula: 0.01, 20, 1500.

    >>> plain_number(0.0100)
    '0.01'
    """
    return np.format_float_positional(float(f"{value:.4g}"), trim="-")


def log_axis(panel: Axes, values: Sequence[float]) -> None:
    """A logarithmic x axis for ``values``; with 0 among them, linear below the smallest other one."""
    positive = [value for value in values if value > 0]
    if len(positive) < len(values):
        threshold = min(positive, default=1.0)
        panel.set_xscale("symlog", linthresh=threshold, linscale=0.5)
        panel.xaxis.set_major_locator(SymmetricalLogLocator(base=10, linthresh=threshold, subs=(1.0, 2.0, 5.0)))
    else:
        panel.set_xscale("log")
        low, high = min(positive), max(positive)
        # A range that is wider than a decade on each side shows its powers of ten only.
        wide = high / low > 100
        panel.set_xlim(low / (high / low) ** 0.12 / 1.15, high * (high / low) ** 0.12 * 1.15)
        panel.xaxis.set_major_locator(LogLocator(base=10, subs=(1.0,) if wide else (1.0, 2.0, 5.0)))
    panel.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    panel.xaxis.set_minor_locator(NullLocator())


def legend_rows(names: Sequence[str], width: float, size: float = 7.5) -> int:
    """How many rows a legend of these names takes."""
    return math.ceil(len(names) / _columns(names, width, size))


def add_legend(figure: Figure, names: Mapping[str, str], styles: Mapping[str, MethodStyle], lines: bool = True) -> None:
    """A legend at the bottom of the figure, for methods by name; as wide as the figure at most."""
    handles = [
        Line2D(
            [],
            [],
            color=styles[name].colour,
            marker=styles[name].marker,
            markersize=5,
            linestyle=styles[name].line if lines else "none",
            linewidth=styles[name].line_width,
        )
        for name in names
    ]
    size = 7.5
    columns = _columns(list(names.values()), float(figure.get_size_inches()[0]), size)
    # A label that starts with an underscore would be left out.
    labels = [f" {title}" for title in names.values()]
    legend = figure.legend(
        handles, labels, loc="lower center", ncols=columns, frameon=False, fontsize=size, handlelength=2.6, columnspacing=1.2
    )
    for text, name in zip(legend.get_texts(), names, strict=True):
        text.set_fontweight(styles[name].weight)


def _columns(names: Sequence[str], width: float, size: float) -> int:
    widest = max(text_width(name, size, bold=True) for name in names)
    return max(1, min(len(names), int((width - 0.2) / (widest + 0.55))))


@dataclass(frozen=True)
class Named:
    """A point with its name."""

    x: float
    y: float
    name: str
    style: MethodStyle


def place_names(panel: Axes, points: Sequence[Named], size: float = 7.5) -> None:
    """Write each point's name beside it, where it covers neither points nor other names; a line leads to one further away.

    To be called when the panel has its place and limits.
    """
    figure = panel.get_figure(root=True)
    if figure is None:
        return
    dots = figure.dpi
    inside = panel.get_window_extent()
    spots = [tuple(panel.transData.transform((point.x, point.y))) for point in points]
    taken = [Bbox.from_bounds(x - 5, y - 5, 10, 10).expanded(dots / 100, dots / 100) for x, y in spots]
    # Points among many neighbours first: they have the least choice.
    order = sorted(range(len(points)), key=lambda one: sum(math.dist(spots[one], spot) for spot in spots))
    for index in order:
        point, spot = points[index], spots[index]
        width = text_width(point.name, size, point.style.highlighted) * dots
        box = min(
            (
                _box(spot, width, size * 1.25 * dots / 72, direction, away * dots / 72)
                for away in _AWAY
                for direction in _DIRECTIONS
            ),
            key=lambda candidate: _overlap(candidate, taken, inside),
        )
        taken.append(box)
        # As an offset in points from the point, so that every format and resolution has it at the same place.
        corner = (box.x0 + box.width / 2 - spot[0], box.y0 + box.height / 2 - spot[1])
        offset = (corner[0] * 72 / dots, corner[1] * 72 / dots)
        leader = {"arrowstyle": "-", "color": GREY, "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3}
        far = abs(offset[1]) > 14 or abs(corner[0]) > width / 2 + 14 * dots / 72
        panel.annotate(
            point.name,
            (point.x, point.y),
            xytext=offset,
            textcoords="offset points",
            ha="center",
            va="center",
            fontsize=size,
            fontweight=point.style.weight,
            color=INK,
            arrowprops=leader if far else None,
            annotation_clip=False,
        )


_AWAY = (8.0, 13.0, 20.0, 30.0, 42.0)
"""Points between a point and its name, the nearest first."""
_DIRECTIONS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))


def _box(spot: tuple[float, float], width: float, height: float, direction: tuple[int, int], away: float) -> Bbox:
    across, down = direction
    x = spot[0] + across * (away + width / 2) if across else spot[0]
    y = spot[1] + down * (away * (0.6 if across else 1) + height / 2) if down else spot[1]
    return Bbox.from_bounds(x - width / 2, y - height / 2, width, height)


def _overlap(box: Bbox, taken: Sequence[Bbox], inside: Bbox) -> float:
    """How much of the name would be covered, or outside of the panel."""

    def common(other: Bbox) -> float:
        both = Bbox.intersection(box, other)
        return 0.0 if both is None else float(both.width * both.height)

    outside = box.width * box.height - common(inside)
    return sum(map(common, taken)) + 3 * outside
