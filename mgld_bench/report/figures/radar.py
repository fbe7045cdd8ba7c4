"""All metrics at a glance, as a radar or as parallel axes: each axis runs from the worst to the best of the methods shown."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from mgld_bench.metrics.metric import Direction
from mgld_bench.report.figures.axes import ARROWS, add_legend, legend_rows
from mgld_bench.report.figures.pixel_page import GREY, INK, text_width
from mgld_bench.report.figures.style import MethodStyle
from mgld_bench.report.tables.numbers import format_value

Form = Literal["radar", "parallel"]
INNER = 0.18
"""Of the radius: where the worst is, so that lines do not meet in the centre."""
LEGEND_ROW = 0.18
PANEL = {"radar": 2.6, "parallel": 2.2}
"""Inches of height, at least."""
ABOVE = 0.36
"""Inches above and below a radar, for the labels of its axes."""
LABEL_SIZE = 6.8


@dataclass(frozen=True)
class MetricAxis:
    """One metric with the mean scores of the methods that have one."""

    title: str
    direction: Direction
    digits: int
    scores: Mapping[str, float]
    """By method name; finite."""

    @property
    def ends(self) -> tuple[float, float]:
        """The worst and the best score."""
        low, high = min(self.scores.values()), max(self.scores.values())
        return (low, high) if self.direction == "higher" else (high, low)

    def height(self, method: str) -> float:
        """0 for the worst, 1 for the best; 1 where all are equal, NaN for a method without a score."""
        if method not in self.scores:
            return math.nan
        worst, best = self.ends
        return 1.0 if worst == best else (self.scores[method] - worst) / (best - worst)


@dataclass(frozen=True)
class MetricPanel:
    """The metrics of one dataset."""

    title: str
    axes: Sequence[MetricAxis]


def draw_metrics(
    panels: Sequence[MetricPanel], names: Mapping[str, str], styles: Mapping[str, MethodStyle], form: Form, width: float
) -> Figure:
    """A panel per dataset, a line per method. To be called, and saved, within figure_settings().

    Args:
        panels: at least one, with at least three axes each for a radar.
        names: the methods' printed names, by name, in order.
        styles: by name.
        form: radar or parallel axes.
        width: of the figure in inches.
    """
    columns = min(len(panels), 1 if form == "parallel" else 2 if width < 6.5 or len(panels) in (2, 4) else 3)
    rows = math.ceil(len(panels) / columns)
    legend = LEGEND_ROW * legend_rows(list(names.values()), width) + 0.15
    panel_height = PANEL[form] if form == "parallel" else min(3.6, max(PANEL[form], 0.9 * width / columns))
    height = rows * panel_height + legend
    figure = Figure(figsize=(width, height))
    for number, content in enumerate(panels):
        row, column = divmod(number, columns)
        left, bottom = column * width / columns, height - (row + 1) * panel_height
        room = (left, bottom, width / columns, panel_height)
        draw = _draw_radar if form == "radar" else _draw_parallel
        draw(figure, content, names, styles, room)
    add_legend(figure, names, styles)
    return figure


def _draw_radar(
    figure: Figure,
    content: MetricPanel,
    names: Mapping[str, str],
    styles: Mapping[str, MethodStyle],
    room: tuple[float, float, float, float],
) -> None:
    left, bottom, width, height = room
    beside = 0.08 + max(text_width(text, LABEL_SIZE) for axis in content.axes for text in (_heading(axis), _range(axis)))
    side = min(width - 2 * beside, height - 2 * ABOVE - 0.2)
    panel = _axes(figure, left + (width - side) / 2, bottom + ABOVE + (height - 2 * ABOVE - 0.2 - side) / 2, side, side)
    panel.set_axis_off()
    panel.set_xlim(-1, 1)
    panel.set_ylim(-1, 1)
    panel.set_aspect("equal")
    angles = [math.pi / 2 - 2 * math.pi * number / len(content.axes) for number in range(len(content.axes))]
    for ring in (0.0, 0.25, 0.5, 0.75, 1.0):
        corners = [_point(angle, ring) for angle in angles]
        edge = "#888888" if ring in (0.0, 1.0) else "#dddddd"
        panel.add_patch(Polygon(corners, closed=True, fill=False, edgecolor=edge, linewidth=0.7))
    for angle, axis in zip(angles, content.axes, strict=True):
        panel.plot(*zip(_point(angle, 0), _point(angle, 1), strict=True), color="#bbbbbb", linewidth=0.7)
        x, y = math.cos(angle), math.sin(angle)
        align = "center" if abs(x) < 0.3 else "left" if x > 0 else "right"
        upright = "bottom" if y > 0.3 else "top" if y < -0.3 else "center"
        label = f"{_heading(axis)}\n{_range(axis)}"
        panel.text(
            1.07 * x, 1.07 * y, label, ha=align, va=upright, fontsize=LABEL_SIZE, color=INK, linespacing=1.15, clip_on=False
        )
    for name in names:
        heights = [axis.height(name) for axis in content.axes]
        points = [_point(angle, height) for angle, height in zip([*angles, angles[0]], [*heights, heights[0]], strict=True)]
        _draw_line(panel, points, styles[name])
    figure_height = float(figure.get_size_inches()[1])
    _title(figure, content.title, left + width / 2, bottom + height, figure_height)


def _draw_parallel(
    figure: Figure,
    content: MetricPanel,
    names: Mapping[str, str],
    styles: Mapping[str, MethodStyle],
    room: tuple[float, float, float, float],
) -> None:
    left, bottom, width, height = room
    panel = _axes(figure, left + 0.5, bottom + 0.5, width - 1.0, height - 0.95)
    for place, axis in enumerate(content.axes):
        worst, best = axis.ends
        panel.axvline(place, color="#bbbbbb", linewidth=0.8, zorder=1)
        panel.text(place, 1.06, format_value(best, axis.digits), ha="center", va="bottom", fontsize=LABEL_SIZE, color=GREY)
        panel.text(place, -0.06, format_value(worst, axis.digits), ha="center", va="top", fontsize=LABEL_SIZE, color=GREY)
        panel.text(place, -0.19, _heading(axis), ha="center", va="top", fontsize=7.5, color=INK)
    for name in names:
        points = [(float(place), axis.height(name)) for place, axis in enumerate(content.axes)]
        _draw_line(panel, points, styles[name])
    panel.set_xlim(-0.15, len(content.axes) - 0.85)
    panel.set_ylim(-0.04, 1.04)
    panel.set_yticks([0, 1], ["worst", "best"], fontsize=7)
    panel.set_xticks([])
    panel.grid(False)
    for spine in panel.spines.values():
        spine.set_visible(False)
    panel.tick_params(length=0)
    _title(figure, content.title, left + width / 2, bottom + height, float(figure.get_size_inches()[1]))


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    """Axes at this place in inches."""
    across, down = (float(side) for side in figure.get_size_inches())
    return figure.add_axes((left / across, bottom / down, width / across, height / down))


def _title(figure: Figure, title: str, x: float, top: float, height: float) -> None:
    across = float(figure.get_size_inches()[0])
    figure.text(x / across, (top - 0.04) / height, title, ha="center", va="top", fontsize=8.5, fontweight="bold")


def _point(angle: float, height: float) -> tuple[float, float]:
    radius = INNER + (1 - INNER) * height
    return radius * math.cos(angle), radius * math.sin(angle)


def _draw_line(panel: Axes, points: Sequence[tuple[float, float]], style: MethodStyle) -> None:
    x, y = np.array(points).T
    panel.plot(
        x,
        y,
        color=style.colour,
        marker=style.marker,
        markersize=5 if style.highlighted else 3.5,
        linestyle=style.line,
        linewidth=style.line_width if style.highlighted else 1.1,
        zorder=4 if style.highlighted else 3,
        clip_on=False,
    )


def _heading(axis: MetricAxis) -> str:
    return f"{axis.title} {ARROWS[axis.direction]}"


def _range(axis: MetricAxis) -> str:
    worst, best = axis.ends
    return f"{format_value(worst, axis.digits)} … {format_value(best, axis.digits)}"
