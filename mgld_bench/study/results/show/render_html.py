"""A study's result as one page, which opens from disk; its figures are files beside it."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined

from mgld_bench.study.results.metric_agreement import MetricAgreement
from mgld_bench.study.results.result import StudyResult
from mgld_bench.study.results.show import words
from mgld_bench.study.results.show.tables import (
    matrix_table,
    metrics_table,
    pairs_table,
    participants_table,
    strengths_table,
)

_WIDTH = 150.0
"""Of the drawing of an interval, in its own units."""


def render_html(result: StudyResult, figures: Sequence[str] = ()) -> str:
    """The page; every name is escaped.

    Args:
        result: what to show.
        figures: file names of drawn figures beside the page: votes.svg, metrics.svg.
    """
    environment = Environment(
        loader=PackageLoader("mgld_bench.study.results.show", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )

    def of_question(name: str) -> list[MetricAgreement]:
        return [each for each in result.metrics if each.question == name]

    return environment.get_template("result.html.j2").render(
        result=result,
        words=words,
        figures=figures,
        strengths=strengths_table,
        pairs=pairs_table,
        matrix=matrix_table,
        metrics=metrics_table,
        metrics_of=of_question,
        participants=participants_table(result),
        shade=_shade,
        place=lambda value: round(6 + value * (_WIDTH - 12), 1),
        width=_WIDTH,
    )


def _shade(cell: str) -> int:
    """How dark a cell of the matrix is, from -5 (never preferred) to 5 (always)."""
    share = cell.removesuffix(" %")
    return round((int(share) - 50) / 10) if share.isdigit() else 0
