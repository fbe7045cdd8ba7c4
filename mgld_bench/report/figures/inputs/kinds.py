"""Which function draws which kind of figure."""

from __future__ import annotations

from mgld_bench.cards.figures import (
    AnyFigure,
    CostFigure,
    CropsFigure,
    RadarFigure,
    SweepFigure,
    TemporalProfileFigure,
)
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.drawing import Drawing
from mgld_bench.report.figures.inputs.cost import cost
from mgld_bench.report.figures.inputs.crops import crops
from mgld_bench.report.figures.inputs.radar import radar
from mgld_bench.report.figures.inputs.sweep import sweep
from mgld_bench.report.figures.inputs.temporal_profile import temporal_profile
from mgld_bench.report.figures.inputs.votes import votes


def draw(data: ReportData, figure: AnyFigure) -> Drawing:
    """Draw a figure of the report's card; to be called, and saved, within figure_settings().

    Raises:
        NothingToDrawError: nothing of it is here; says which data is missing.
        InputError: a file that it reads, or the card, is wrong.
    """
    if isinstance(figure, CropsFigure):
        return crops(data, figure)
    if isinstance(figure, TemporalProfileFigure):
        return temporal_profile(data, figure)
    if isinstance(figure, SweepFigure):
        return sweep(data, figure)
    if isinstance(figure, CostFigure):
        return cost(data, figure)
    if isinstance(figure, RadarFigure):
        return radar(data, figure)
    return votes(data, figure)
