"""What a radar, or parallel axes, are drawn of."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mgld_bench.cards.figures import RadarFigure, Shot
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.scored import scored_cells
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.inputs.frames import shown_methods, shown_shots
from mgld_bench.report.figures.radar import MetricAxis, MetricPanel, draw_metrics
from mgld_bench.report.figures.style import method_styles
from mgld_bench.report.tables.numbers import mean

FEWEST = {"radar": 3, "parallel": 2}
"""Axes, below which the form shows nothing."""


def radar(data: ReportData, figure: RadarFigure) -> Drawing:
    """Draw it; a line has a gap where a method has no score, and a dataset with too few metrics is left out and named.

    Raises:
        NothingToDrawError: no dataset has enough metrics with scores.
    """
    methods = shown_methods(data, figure.methods)
    panels, missing = [], []
    shown = [shot.dataset for shot in shown_shots(data, [Shot(dataset=name) for name in figure.datasets])]
    for dataset in shown:
        axes, gaps = _axes(data, figure, dataset, methods)
        missing += gaps
        if len(axes) < FEWEST[figure.form]:
            fewest = f"{figure.form} needs {FEWEST[figure.form]}"
            missing.append(f"{data.dataset_headings[dataset]}: {len(axes)} metrics with scores, and a {fewest}")
            continue
        panels.append(MetricPanel(data.dataset_headings[dataset], axes))
    if not panels:
        raise NothingToDrawError("; ".join(missing))
    drawn = {name for panel in panels for axis in panel.axes for name in axis.scores}
    names = {name: data.method_headings[name] for name in methods if name in drawn}
    missing += [f"{data.method_headings[name]}: no scores" for name in methods if name not in drawn]
    place = "the inner ring" if figure.form == "radar" else "the bottom"
    end = "the outer ring" if figure.form == "radar" else "the top"
    statement = (
        f"Each axis runs from the worst ({place}) to the best ({end}) of the methods shown, in the direction of its metric; "
        "the two numbers at an axis are these ends. The distances on different axes do not compare."
    )
    return Drawing(draw_metrics(panels, names, method_styles(data), figure.form, figure.width), statement, tuple(missing))


def _axes(data: ReportData, figure: RadarFigure, dataset: str, methods: Sequence[str]) -> tuple[list[MetricAxis], list[str]]:
    """The metrics of a dataset with their mean scores, and what is missing."""
    chosen = [data.protocol.resolve(name) for name in figure.metrics]
    scores: dict[str, dict[str, float]] = {}
    missing = []
    for cell in scored_cells(data):
        if cell.dataset != dataset or cell.method not in methods or (chosen and cell.metric not in chosen):
            continue
        by_method = scores.setdefault(cell.metric, {})
        value = mean(list(cell.scores.values())) if cell.scores and not cell.missing else math.nan
        if math.isfinite(value):
            by_method[cell.method] = value
        else:
            why = "is infinite" if math.isinf(value) else "lacks clips"
            where = f"{data.metric_headings[cell.metric]} on {data.dataset_headings[dataset]}"
            missing.append(f"{data.method_headings[cell.method]}: {where} {why}")
    headings = data.metric_headings
    axes = [
        MetricAxis(headings[name], data.metrics[name].direction, data.metrics[name].digits, by_method)
        for name, by_method in scores.items()
        if by_method
    ]
    return axes, missing
