"""The figures of a study's result: bars as in the paper's Figure 6, and how well each metric goes with the votes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from mgld_bench.report.figures.pixel_page import text_width
from mgld_bench.report.figures.votes import AXIS_TITLE, PairVotes, draw_votes
from mgld_bench.statistics.vote_shares import VoteShare
from mgld_bench.study.results.metric_agreement import MetricAgreement
from mgld_bench.study.results.question_result import PairResult, QuestionResult
from mgld_bench.study.results.result import StudyResult

WIDTH = 7.0
"""Inches."""
_COLOUR, _GREY = "#0072B2", "#777777"
_LETTERS = 7.5
"""Points."""
_HEADING, _ROW, _BELOW = 0.25, 0.19, 0.3
"""Inches of a panel: its title, one metric, the numbers of the axis."""


def vote_panels(
    questions: Sequence[QuestionResult],
    titles: Mapping[str, str],
    names: Mapping[str, str] | None = None,
    bold: frozenset[str] = frozenset(),
) -> dict[str, list[PairVotes]]:
    """The bars of each question that has votes, by its title.

    Args:
        questions: the results.
        titles: of questions, by name.
        names: printed names of methods; default: as they are.
        bold: methods whose names are bold.
    """
    panels = {}
    for question in questions:
        rows = [_bar(pair, pair.share, names or {}, bold) for pair in question.pairs if pair.share is not None]
        if rows:
            panels[titles.get(question.name) or question.name] = rows
    return panels


def _bar(pair: PairResult, share: VoteShare, names: Mapping[str, str], bold: frozenset[str]) -> PairVotes:
    return PairVotes(
        names.get(pair.first, pair.first),
        names.get(pair.second, pair.second),
        share.wins,
        share.ties,
        share.losses,
        (pair.first in bold, pair.second in bold),
        None if share.interval is None else (share.share, *share.interval),
        share.interval is not None,
    )


def draw_bars(result: StudyResult) -> Figure | None:
    """Bars for all questions; None without votes. To be called, and saved, within figure_settings()."""
    panels = vote_panels(result.questions, {})
    return draw_votes(panels, WIDTH) if panels else None


def draw_metrics(metrics: Sequence[MetricAgreement]) -> Figure | None:
    """tau of each metric with its interval, a panel per question; None where there is none. As `draw_bars`."""
    shown = [each for each in metrics if each.tau is not None]
    if not shown:
        return None
    questions = list(dict.fromkeys(each.question for each in shown))
    rows = {question: [each for each in shown if each.question == question] for question in questions}
    heights = [_HEADING + _ROW * len(rows[question]) + _BELOW for question in questions]
    width, height = WIDTH * 0.72, sum(heights) + AXIS_TITLE
    figure = Figure(figsize=(width, height))
    side = 0.15 + max(text_width(_label(each), _LETTERS) for each in shown)
    top = height
    for question, room in zip(questions, heights, strict=True):
        place = (side / width, (top - room + _BELOW) / height, 1 - (side + 0.25) / width, _ROW * len(rows[question]) / height)
        _draw_taus(figure.add_axes(place), rows[question])
        if question:
            figure.text(0.5, (top - 0.04) / height, question, ha="center", va="top", fontsize=8.5, fontweight="bold")
        top -= room
    what = "tau: 1 as the votes, 0 chance, -1 the opposite"
    figure.text(0.5, 0.02 / height, what, ha="center", va="bottom", fontsize=8)
    return figure


def _draw_taus(panel: Axes, metrics: Sequence[MetricAgreement]) -> None:
    for row, each in enumerate(metrics):
        if each.interval is not None:
            panel.plot([each.interval.low, each.interval.high], [row, row], color=_COLOUR, linewidth=1.6)
        panel.plot([each.tau or 0.0], [row], color=_COLOUR, marker="o", markersize=4)
    panel.axvline(0, color=_GREY, linewidth=0.8, linestyle="--")
    panel.set_yticks(range(len(metrics)), [_label(each) for each in metrics], fontsize=_LETTERS)
    panel.set_ylim(len(metrics) - 0.4, -0.6)
    panel.set_xlim(-1.05, 1.05)
    panel.tick_params(axis="x", labelsize=_LETTERS)


def _label(metric: MetricAgreement) -> str:
    return f"{metric.metric}{f' ({metric.protocol})' if metric.protocol else ''}"
