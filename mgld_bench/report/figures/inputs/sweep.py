"""What a sweep of an option is drawn of."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from mgld_bench.cards.figures import CropsFigure, SweepFigure
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.scored import scored_cells
from mgld_bench.report.figures.axes import plain_number
from mgld_bench.report.figures.crops import Scene
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.inputs.crops import shot_scene
from mgld_bench.report.figures.inputs.frames import shown_methods, shown_shots
from mgld_bench.report.figures.sweep import Curves, Option, Point, draw_sweep
from mgld_bench.report.tables.numbers import mean
from mgld_bench.restoring.loading import parse_options
from mgld_bench.statistics.intervals import mean_interval


def sweep(data: ReportData, figure: SweepFigure) -> Drawing:
    """Draw it; a value without scores has no point on the curves, and is named.

    Raises:
        NothingToDrawError: fewer than two values have a method, or nothing is scored and no frames are here.
        InputError: the method has no such option, or it is not a number.
    """
    if figure.method not in data.methods:
        raise NothingToDrawError(f"the method {figure.method} is not among those of this report")
    usual = _number(data.methods[figure.method], figure.option)
    points, missing = _points(data, figure)
    if len(points) < 2:
        what = f"{figure.option} of {figure.method}"
        raise NothingToDrawError(
            "; ".join([*missing, f"a sweep needs methods with two values of {what}, and {len(points)} is here"])
        )
    label = figure.label or figure.option
    curves = _curves(data, figure, points, missing)
    scene, statement = _crops(data, figure, points, label, missing) if figure.crops else (None, "")
    if scene is None and not curves:
        raise NothingToDrawError("; ".join(dict.fromkeys(missing)))
    option = Option(label, figure.axis, usual)
    drawn, dpi = draw_sweep(scene, curves, option, figure.width, figure.enlargement)
    values = ", ".join(map(plain_number, points.values()))
    sentences = [f"{label} = {values}; dashed: {plain_number(usual)}, of {data.method_headings[figure.method]}."]
    if figure.axis == "log" and min(points.values()) == 0:
        sentences.append("The axis is linear below the smallest value above 0.")
    if any(point.half_width is not None for curve in curves for line in curve.by_dataset.values() for point in line):
        sentences.append("Bars: 95 % interval of the mean over clips.")
    return Drawing(drawn, " ".join([statement, *sentences]).strip(), tuple(dict.fromkeys(missing)), dpi)


def _number(card: MethodCard, option: str) -> float:
    """The option's value. Raises InputError where there is no such option, or where it is no number."""
    options = _options(card)
    if option not in options:
        hint = did_you_mean(option, options, f"there are: {', '.join(options)}")
        raise InputError(f"method {card.name} has no option {option!r}; {hint}")
    value = options[option]
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InputError(f"method {card.name}: option {option} is {value!r}: a sweep needs a number")
    return float(value)


def _options(card: MethodCard) -> dict[str, Any]:
    return parse_options(card).model_dump(mode="json")


def _points(data: ReportData, figure: SweepFigure) -> tuple[dict[str, float], list[str]]:
    """The value of each method of the sweep, by its name, in ascending order; and which values have no method."""
    base = data.methods[figure.method]
    rest = {name: value for name, value in _options(base).items() if name != figure.option}
    found: dict[str, float] = {}
    for name in shown_methods(data, figure.methods):
        card = data.methods[name]
        if card.restorer != base.restorer or card.weights != base.weights:
            continue
        options = _options(card)
        if {key: value for key, value in options.items() if key != figure.option} == rest:
            found[name] = _number(card, figure.option)
    wanted = [value for value in found.values() if not figure.values or value in figure.values]
    lost = [value for value in figure.values if value not in found.values()]
    missing = [f"no method of the report has {figure.option} = {plain_number(value)}" for value in lost]
    return dict(sorted(((name, value) for name, value in found.items() if value in wanted), key=lambda item: item[1])), missing


def _curves(data: ReportData, figure: SweepFigure, points: Mapping[str, float], missing: list[str]) -> list[Curves]:
    chosen = [data.protocol.resolve(name) for name in figure.metrics]
    found: dict[str, dict[str, list[Point]]] = {}
    cells = {(cell.dataset, cell.metric, cell.method): cell for cell in scored_cells(data)}
    for dataset, metric in dict.fromkeys(key[:2] for key in cells):
        if chosen and metric not in chosen:
            continue
        heading = data.dataset_headings[dataset]
        for method, value in points.items():
            cell = cells[dataset, metric, method]
            score = mean(list(cell.scores.values())) if cell.scores and not cell.missing else math.nan
            if not math.isfinite(score):
                missing.append(f"{data.method_headings[method]}: {data.metric_headings[metric]} on {heading}")
                continue
            interval = mean_interval(list(cell.scores.values()))
            point = Point(value, score, None if interval is None else interval.half_width)
            found.setdefault(metric, {}).setdefault(heading, []).append(point)
    headings = data.metric_headings
    return [Curves(headings[metric], data.metrics[metric].direction, lines) for metric, lines in found.items()]


def _crops(
    data: ReportData, figure: SweepFigure, points: Mapping[str, float], label: str, missing: list[str]
) -> tuple[Scene | None, str]:
    labels = {name: f"{label} = {plain_number(value)}" for name, value in points.items()}
    reasons = []
    for shot in shown_shots(data, [figure.shot] if figure.shot else []):
        asked = CropsFigure(
            kind="crops", methods=tuple(points), width=figure.width, size=figure.size, enlargement=figure.enlargement
        )
        try:
            scene, statement, gaps = shot_scene(data, asked, shot, labels)
        except NothingToDrawError as reason:
            reasons.append(str(reason))
            continue
        missing += gaps
        return scene, statement
    missing += reasons
    return None, ""
