"""The figures that a report card names, drawn and written as PNG, SVG, PDF and a LaTeX snippet each."""

from __future__ import annotations

from pathlib import Path

from mgld_bench.cards.figures import AnyFigure, file_stems
from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.engine.progress import Progress, Silent, stage
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.drawing import NothingToDrawError
from mgld_bench.report.figures.figure_latex import render_figure_latex
from mgld_bench.report.figures.inputs.kinds import draw
from mgld_bench.report.figures.style import figure_settings, save_figure
from mgld_bench.report.figures.written import WrittenFigure

_TITLES = {
    "crops": "Qualitative comparison",
    "temporal-profile": "Temporal profiles",
    "votes": "User study",
    "sweep": "Sweep of an option",
    "cost": "Quality against cost",
    "radar": "All metrics, normalised",
}


def write_figures(data: ReportData, folder: Path, progress: Progress | None = None) -> tuple[WrittenFigure, ...]:
    """Draw the figures that the report card names into ``folder``/figures; one that lacks its data does not hold up the others.

    Raises:
        InputError: a file that a figure reads is wrong, or an option that it names does not exist.
    """
    progress = progress or Silent()
    figures = data.card.figures
    written = []
    with stage(progress, "figures", len(figures), "figures"):
        for figure, stem in zip(figures, file_stems(figures, data.card.name), strict=True):
            progress.unit(stem)
            written.append(_write(data, figure, stem, folder / "figures"))
            progress.advance(1)
    return tuple(written)


def _write(data: ReportData, figure: AnyFigure, stem: str, folder: Path) -> WrittenFigure:
    title = figure.title or (data.card.title if len(data.card.figures) == 1 else "") or _TITLES[figure.kind]
    with figure_settings():
        try:
            drawing = draw(data, figure)
        except NothingToDrawError as reason:
            return WrittenFigure(stem, figure.kind, title, figure.caption, (), (str(reason),))
        files = save_figure(drawing.figure, folder / stem, drawing.dpi)
    snippet = folder / f"{stem}.tex"
    text = render_figure_latex(stem, title, figure.caption, drawing.statement, float(drawing.figure.get_figwidth()))
    write_bytes_atomic(snippet, text.encode())
    caption = f"{figure.caption} {drawing.statement}".strip()
    return WrittenFigure(stem, figure.kind, title, caption, (*files, snippet), drawing.missing)
