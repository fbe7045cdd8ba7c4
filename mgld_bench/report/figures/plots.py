"""Figures of the scores: per frame and per clip."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D
from matplotlib.path import Path
from matplotlib.textpath import TextPath
from matplotlib.ticker import MaxNLocator
from matplotlib.transforms import Transform

from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.style import MethodStyle, method_styles

PANELS_PER_ROW = 3
MARKED_FRAMES = 40
"""Lines of at most this many frames have a marker at each."""
_UNITS = {"psnr": "dB"}
"""By the first word of a variant's name; all other scores have no unit."""


def draw_per_frame(data: ReportData, dataset: str, clip: str) -> Figure | None:
    """One clip: a panel per metric, a line per method over the frames. None where no metric has scores per frame.

    To be called, and saved, within figure_settings().
    """
    scores: dict[str, dict[str, Mapping[int, float]]] = {}
    for (method, metric), score in _clip_scores(data, dataset, clip).items():
        if score.per_frame:
            scores.setdefault(metric, {})[method] = score.per_frame
    if not scores:
        return None
    styles, names = method_styles(data), data.metric_headings
    figure, panels = _panels(len(scores), panel_height=2.5)
    for panel, (metric, by_method) in zip(panels, scores.items(), strict=True):
        for method, per_frame in by_method.items():
            _draw_line(panel, per_frame, styles[method])
        panel.set_xlabel("frame")
        panel.set_ylabel(_axis_title(data.metrics[metric], names[metric]))
        panel.xaxis.set_major_locator(MaxNLocator(integer=True))
    drawn = [method for method in data.methods if any(method in by_method for by_method in scores.values())]
    _finish(figure, data, drawn, f"{data.dataset_headings[dataset]}, {clip}: scores per frame")
    return figure


def draw_per_clip(data: ReportData, dataset: str) -> Figure | None:
    """One dataset: a panel per metric, a row per clip, a dot per method. None where no clip has a score.

    To be called, and saved, within figure_settings().
    """
    cells = [cell for cell in data.cells if cell.dataset == dataset and cell.scores]
    clips = list(dict.fromkeys(clip for cell in cells for clip in cell.expected_clips))
    if not clips:
        return None
    styles, names = method_styles(data), data.metric_headings
    metrics = list(dict.fromkeys(cell.metric for cell in cells))
    drawn = [method for method in data.methods if any(cell.method == method for cell in cells)]
    figure, panels = _panels(len(metrics), panel_height=1.0 + 0.34 * max(len(clips), 2), share_rows=True)
    spread = np.linspace(-0.22, 0.22, len(drawn)) if len(drawn) > 1 else np.zeros(1)
    for index, (panel, metric) in enumerate(zip(panels, metrics, strict=True)):
        for cell in cells:
            if cell.metric == metric:
                _draw_dots(panel, cell.scores, clips, float(spread[drawn.index(cell.method)]), styles[cell.method])
        panel.set_xlabel(_axis_title(data.metrics[metric], names[metric]))
        panel.xaxis.set_major_locator(MaxNLocator(nbins=5))
        panel.margins(x=0.08)
        panel.set_yticks(range(len(clips)), clips)
        panel.set_ylim(len(clips) - 0.5, -0.5)
        panel.tick_params(axis="y", length=0, labelleft=index % PANELS_PER_ROW == 0)
    _finish(figure, data, drawn, f"{data.dataset_headings[dataset]}: scores per clip", lines=False)
    return figure


def _clip_scores(data: ReportData, dataset: str, clip: str) -> dict[tuple[str, str], ClipScore]:
    """By method and metric."""
    return {
        (cell.method, cell.metric): cell.scores[clip] for cell in data.cells if cell.dataset == dataset and clip in cell.scores
    }


def _panels(count: int, panel_height: float, share_rows: bool = False) -> tuple[Figure, Sequence[Axes]]:
    columns = min(count, PANELS_PER_ROW)
    rows = math.ceil(count / columns)
    # Room above for the title and the legend, in inches.
    figure = Figure(
        figsize=(1.2 + 3.2 * columns, 0.75 + panel_height * rows), layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.06)
    )
    panels = [figure.add_subplot(rows, columns, index + 1) for index in range(count)]
    if share_rows:
        for panel in panels[1:]:
            panel.sharey(panels[0])
    return figure, panels


def _axis_title(facts: MetricFacts, heading: str) -> str:
    unit = _UNITS.get(facts.name.split(".")[0])
    arrow = "↑" if facts.direction == "higher" else "↓"
    return f"{heading}{f' in {unit}' if unit else ''}  ({arrow} {facts.direction} is better)"


def _draw_line(panel: Axes, per_frame: Mapping[int, float], style: MethodStyle) -> None:
    frames = sorted(per_frame)
    values = [per_frame[frame] if math.isfinite(per_frame[frame]) else math.nan for frame in frames]
    marker = style.marker if len(frames) <= MARKED_FRAMES else ""
    panel.plot(frames, values, color=style.colour, linestyle=style.line, marker=marker, markersize=4, linewidth=style.line_width)
    infinite = [frame for frame in frames if math.isinf(per_frame[frame])]
    if infinite:
        # At the upper edge of the panel, whatever its scale.
        _draw_infinite(panel, infinite, [1.0] * len(infinite), style, panel.get_xaxis_transform())


def _draw_dots(panel: Axes, scores: Mapping[str, ClipScore], clips: Sequence[str], shift: float, style: MethodStyle) -> None:
    rows = {clip: row + shift for row, clip in enumerate(clips)}
    finite = [(score.value, rows[clip]) for clip, score in scores.items() if math.isfinite(score.value)]
    infinite = [rows[clip] for clip, score in scores.items() if math.isinf(score.value)]
    if finite:
        values, places = zip(*finite, strict=True)
        panel.plot(
            values, places, color=style.colour, marker=style.marker, markersize=8 if style.highlighted else 6, linestyle="none"
        )
    if infinite:
        _draw_infinite(panel, [1.0] * len(infinite), infinite, style, panel.get_yaxis_transform())


def _draw_infinite(panel: Axes, x: Sequence[float], y: Sequence[float], style: MethodStyle, place: Transform) -> None:
    sign = TextPath((0, 0), "∞", size=10, prop=FontProperties(family="DejaVu Sans"))
    middle = sign.vertices.mean(axis=0)
    marker = Path(sign.vertices - middle, sign.codes)
    panel.plot(x, y, color=style.colour, marker=marker, markersize=11, linestyle="none", clip_on=False, transform=place)


def _finish(figure: Figure, data: ReportData, methods: Sequence[str], title: str, lines: bool = True) -> None:
    styles, names = method_styles(data), data.method_headings
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
        for name in methods
    ]
    figure.suptitle(title, fontsize=11, fontweight="bold")
    # A label that starts with an underscore would be left out.
    labels = [f" {names[name]}" for name in methods]
    legend = figure.legend(handles, labels, loc="outside lower center", ncols=min(len(methods), 5), frameon=False)
    for text, name in zip(legend.get_texts(), methods, strict=True):
        text.set_fontweight(styles[name].weight)
