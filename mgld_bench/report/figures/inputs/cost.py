"""What a figure of quality against cost is drawn of."""

from __future__ import annotations

import math
import re
from statistics import median

from mgld_bench.cards.figures import CostFigure
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.published import load_published
from mgld_bench.report.collect.scored import scored_cells
from mgld_bench.report.figures.axes import ARROWS
from mgld_bench.report.figures.cost import CostPoint, draw_cost
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.inputs.frames import shown_methods
from mgld_bench.report.figures.style import method_styles
from mgld_bench.report.tables.numbers import mean

_PARAMETERS = re.compile(r"^\s*([\d.]+)\s*([KMB]?)\s*$", re.IGNORECASE)
_FACTORS = {"": 1e-6, "K": 1e-3, "M": 1.0, "B": 1e3}


def cost(data: ReportData, figure: CostFigure) -> Drawing:
    """Draw it; a method that lacks one of the two numbers is left out and named.

    Raises:
        NothingToDrawError: no method has both.
    """
    metric = data.protocol.resolve(figure.metric)
    with_metric = [cell.dataset for cell in data.cells if cell.metric == metric]
    if not with_metric:
        raise NothingToDrawError(f"the report has no metric {figure.metric}; to get it: add it to a dataset of {data.card.name}")
    dataset = figure.dataset if figure.dataset in with_metric else with_metric[0]
    qualities = _qualities(data, figure, dataset, metric)
    costs = _seconds(data, figure, dataset) if figure.against == "seconds" else _parameters(data)
    styles, names = method_styles(data), data.method_headings
    points, missing = [], []
    for name in shown_methods(data, figure.methods):
        lacks = [what for what, known in (("score", qualities), (figure.against, costs)) if name not in known]
        if lacks:
            missing.append(f"{names[name]}: no {' and no '.join(lacks)}")
            continue
        (value, score_printed), (price, cost_printed) = qualities[name], costs[name]
        points.append(CostPoint(names[name], price, value, styles[name], score_printed or cost_printed))
    if not points:
        raise NothingToDrawError("; ".join(missing) or "no method")
    facts = data.metrics[metric]
    heading = f"{data.metric_headings[metric]} on {data.dataset_headings[dataset]}  ({ARROWS[facts.direction]})"
    scale = figure.axis
    if scale == "log" and any(point.cost <= 0 for point in points):
        raise NothingToDrawError("a cost of 0 cannot be drawn on a log axis: axis: linear")
    title = "seconds per frame" if figure.against == "seconds" else "parameters in millions"
    if scale == "log":
        title += " (log)"
    drawn = draw_cost(points, (title, heading), scale, figure.width)
    return Drawing(drawn, _statement(data, figure, dataset, points), tuple(missing))


def _qualities(data: ReportData, figure: CostFigure, dataset: str, metric: str) -> dict[str, tuple[float, bool]]:
    """The mean score by method, and whether it is a published one."""
    published = load_published(data.card.published) if figure.published and data.card.published else None
    found: dict[str, tuple[float, bool]] = {}
    for cell in scored_cells(data):
        if (cell.dataset, cell.metric) != (dataset, metric):
            continue
        value = mean(list(cell.scores.values())) if cell.scores and not cell.missing else math.nan
        if math.isfinite(value):
            found[cell.method] = (value, False)
        elif published is not None and (printed := published.find(data, dataset, cell.method, metric)) is not None:
            found[cell.method] = (printed, True)
    return found


def _seconds(data: ReportData, figure: CostFigure, dataset: str) -> dict[str, tuple[float, bool]]:
    """Seconds per frame by method: the median over the clips of the dataset; and whether somebody else measured them."""
    measured: dict[str, list[float]] = {}
    for source in data.pictures:
        if source.dataset == dataset:
            for name, record in source.records.items():
                if record.seconds_per_frame > 0:
                    measured.setdefault(name, []).append(record.seconds_per_frame)
    printed = {name: (value, True) for name, value in figure.published_seconds.items()} if figure.published else {}
    return {**printed, **{name: (median(values), False) for name, values in measured.items()}}


def _parameters(data: ReportData) -> dict[str, tuple[float, bool]]:
    """Millions of parameters by method, as its card states them."""
    found = {}
    for name, card in data.methods.items():
        match = _PARAMETERS.match(card.publication.parameters)
        if match:
            found[name] = (float(match[1]) * _FACTORS[match[2].upper()], False)
    return found


def _statement(data: ReportData, figure: CostFigure, dataset: str, points: list[CostPoint]) -> str:
    sentences = []
    if figure.against == "seconds":
        records = [record for source in data.pictures if source.dataset == dataset for record in source.records.values()]
        machines = list(dict.fromkeys(f"{record.machine or 'unknown machine'}, {record.device}" for record in records))
        sizes = list(dict.fromkeys(f"{record.width}×{record.height}" for record in records))
        if records:
            where = " and ".join(machines)
            sentences.append(
                f"Seconds per frame of {', '.join(sizes)} pixels: median over the clips, warm-up included, on {where}."
            )
        if len(machines) > 1:
            sentences.append("Times of different machines do not compare.")
    else:
        sentences.append("Parameters as the methods' cards state them.")
    if any(point.published for point in points):
        source = data.card.published.source if data.card.published else ""
        origins = "; ".join(text for text in (source, figure.published_source) if text)
        sentences.append(f"Hollow: a published number is among the two ({origins}).")
    return " ".join(sentences)
