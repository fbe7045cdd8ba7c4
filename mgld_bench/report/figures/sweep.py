"""A sweep of a numeric option: crops at each value above, curves of every metric against the option below (Figure 7)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from mgld_bench.cards.figures import Enlargement
from mgld_bench.metrics.metric import Direction
from mgld_bench.report.figures.axes import ARROWS, log_axis, plain_number
from mgld_bench.report.figures.crops import Scene, crops_block
from mgld_bench.report.figures.frame_and_cells import compose
from mgld_bench.report.figures.pixel_page import GREY
from mgld_bench.report.figures.style import plain_styles

PANELS_PER_ROW = 3
PANEL_HEIGHT = 1.5
"""Inches."""
LEGEND = 0.28
LEFT, BOTTOM, RIGHT, TOP = 0.55, 0.42, 0.1, 0.12
"""Inches around each panel."""


@dataclass(frozen=True)
class Point:
    """The mean score at one value of the option."""

    value: float
    score: float
    half_width: float | None
    """Of the 95 % interval over clips; None where there is none."""


@dataclass(frozen=True)
class Curves:
    """One metric: a curve per dataset."""

    title: str
    direction: Direction
    by_dataset: Mapping[str, Sequence[Point]]
    """By printed name."""


@dataclass(frozen=True)
class Option:
    """What is swept."""

    label: str
    scale: Literal["linear", "log"]
    usual: float
    """The value of the method's own card, marked by a line."""


def draw_sweep(
    scene: Scene | None, curves: Sequence[Curves], option: Option, width: float, enlargement: Enlargement
) -> tuple[Figure, float]:
    """The figure, and the dots per inch at which the pixels of its crops are whole. Without ``scene``: curves alone.

    To be called, and saved, within figure_settings().
    """
    datasets = list(dict.fromkeys(name for curve in curves for name in curve.by_dataset))
    rows = math.ceil(len(curves) / PANELS_PER_ROW)
    legend = LEGEND if len(datasets) > 1 else 0.0
    height = rows * PANEL_HEIGHT + legend
    if scene is None:
        figure, dpi = Figure(figsize=(width, height)), 300.0
    else:
        page = compose([crops_block(scene, enlargement)], width, below=height + 0.05 if curves else 0.0)
        figure, dpi = page.figure, page.dpi
    columns = min(len(curves), PANELS_PER_ROW)
    for number, curve in enumerate(curves):
        row, column = divmod(number, columns)
        left = column * width / columns
        bottom = legend + (rows - 1 - row) * PANEL_HEIGHT
        across = width / columns - LEFT - RIGHT
        panel = _axes(figure, left + LEFT, bottom + BOTTOM, across, PANEL_HEIGHT - BOTTOM - TOP)
        _draw_curves(panel, curve, option, datasets, across)
    if legend:
        _add_legend(figure, datasets)
    return figure, dpi


def _axes(figure: Figure, left: float, bottom: float, width: float, height: float) -> Axes:
    across, down = (float(side) for side in figure.get_size_inches())
    return figure.add_axes((left / across, bottom / down, width / across, height / down))


def _draw_curves(panel: Axes, curve: Curves, option: Option, datasets: Sequence[str], width: float) -> None:
    """``width``: of the panel in inches."""
    styles = plain_styles(len(datasets))
    for dataset, points in curve.by_dataset.items():
        style = styles[datasets.index(dataset)]
        values, scores = [point.value for point in points], [point.score for point in points]
        panel.plot(
            values, scores, color=style.colour, marker=style.marker, linestyle=style.line, markersize=4.5, linewidth=1.4, zorder=3
        )
        for point in points:
            if point.half_width is not None:
                ends = [point.score - point.half_width, point.score + point.half_width]
                panel.plot([point.value] * 2, ends, color=style.colour, linewidth=0.8, marker="_", markersize=4, alpha=0.6)
    every = sorted({point.value for points in curve.by_dataset.values() for point in points})
    panel.margins(x=0.06, y=0.12)
    if option.scale == "log":
        log_axis(panel, every)
    else:
        panel.set_xticks(every, _tick_labels(every))
    if every and every[0] <= option.usual <= every[-1]:
        panel.axvline(option.usual, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)), zorder=1)
    panel.set_xlabel(option.label, fontsize=8, labelpad=1)
    panel.set_ylabel(f"{curve.title} {ARROWS[curve.direction]}", fontsize=8, labelpad=2)
    # At the same distance in all panels, however long their numbers are.
    panel.yaxis.set_label_coords(-0.4 / width, 0.5)
    panel.tick_params(labelsize=7)


def _tick_labels(values: Sequence[float]) -> list[str]:
    """The values, without those that would be written over the one before."""
    labels: list[str] = []
    last = -math.inf
    for value in values:
        free = value - last > 0.07 * (values[-1] - values[0])
        labels.append(plain_number(value) if free else "")
        last = value if free else last
    return labels


def _add_legend(figure: Figure, datasets: Sequence[str]) -> None:
    styles = plain_styles(len(datasets))
    handles = [Line2D([], [], color=style.colour, marker=style.marker, linestyle=style.line, markersize=4.5) for style in styles]
    # A label that starts with an underscore would be left out.
    labels = [f" {name}" for name in datasets]
    figure.legend(handles, labels, loc="lower center", ncols=len(datasets), frameon=False, fontsize=7.5, handlelength=2.6)
