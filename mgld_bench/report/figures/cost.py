"""Quality against cost: a point per method, its name beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure

from mgld_bench.report.figures.axes import Named, log_axis, place_names
from mgld_bench.report.figures.style import MethodStyle

HEIGHT = 0.62
"""Of the figure, relative to its width."""
WIDEST = 5.0
"""Inches: a plot of points gains nothing from being wider."""


@dataclass(frozen=True)
class CostPoint:
    """One method."""

    name: str
    """As printed."""
    cost: float
    quality: float
    style: MethodStyle
    published: bool = False
    """Whether one of the two is somebody else's: drawn hollow."""


def draw_cost(points: Sequence[CostPoint], titles: tuple[str, str], scale: Literal["linear", "log"], width: float) -> Figure:
    """``titles``: of the two axes, cost and quality. To be called, and saved, within figure_settings()."""
    width = min(width, WIDEST)
    figure = Figure(figsize=(width, HEIGHT * width))
    panel = figure.add_axes((0.62 / width, 0.5 / (HEIGHT * width), 1 - 0.72 / width, 1 - 0.6 / (HEIGHT * width)))
    for point in points:
        panel.plot(
            [point.cost],
            [point.quality],
            color=point.style.colour,
            marker=point.style.marker,
            markersize=10 if point.style.highlighted else 7,
            markerfacecolor="white" if point.published else point.style.colour,
            markeredgewidth=1.5,
            linestyle="none",
            zorder=4 if point.style.highlighted else 3,
        )
    costs = [point.cost for point in points]
    panel.margins(x=0.15, y=0.15)
    if scale == "log":
        log_axis(panel, costs)
    panel.set_xlabel(titles[0])
    panel.set_ylabel(titles[1])
    panel.autoscale_view(scalex=scale != "log")
    place_names(panel, [Named(point.cost, point.quality, point.name, point.style) for point in points])
    return figure
