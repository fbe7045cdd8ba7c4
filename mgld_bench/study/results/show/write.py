"""A study's result as files: a page, Markdown, JSON, CSV, and figures. The page comes last: it stands for the whole."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from mgld_bench.clips.atomic import write_bytes_atomic, write_json_atomic
from mgld_bench.report.figures.style import PRINT_DPI, figure_settings, save_figure
from mgld_bench.study.results.collected import Collected
from mgld_bench.study.results.export import write_counted
from mgld_bench.study.results.result import StudyResult
from mgld_bench.study.results.show.as_json import as_json, method_rows, metric_rows, pair_rows
from mgld_bench.study.results.show.figures import draw_bars, draw_metrics
from mgld_bench.study.results.show.render_html import render_html
from mgld_bench.study.results.show.render_markdown import render_markdown

_FIGURES = ("votes", "metrics")


def write_result(result: StudyResult, collected: Collected, folder: Path) -> tuple[Path, ...]:
    """Write the result of these votes into ``folder``; what an earlier result left there and this one has not is removed.

    Raises:
        InputError: the folder cannot be written to.
    """
    written: list[Path] = []
    (folder / "index.html").unlink(missing_ok=True)
    with figure_settings():
        for name, figure in zip(_FIGURES, (draw_bars(result), draw_metrics(result.metrics)), strict=True):
            written += _figure(figure, folder / name)
    for name, rows in (("strengths", method_rows(result)), ("pairs", pair_rows(result)), ("metrics", metric_rows(result))):
        written += _table(rows, folder / f"{name}.csv")
    write_counted(collected, frozenset(each.participant for each in result.left_out), folder / "votes.csv")
    write_json_atomic(folder / "result.json", as_json(result))
    write_bytes_atomic(folder / "result.md", render_markdown(result).encode())
    figures = tuple(path.name for path in written if path.suffix == ".svg")
    write_bytes_atomic(folder / "index.html", render_html(result, figures).encode())
    return (*written, folder / "votes.csv", folder / "result.json", folder / "result.md", folder / "index.html")


def _figure(figure: Figure | None, path: Path) -> tuple[Path, ...]:
    if figure is None:
        for ending in ("png", "svg", "pdf"):
            path.with_name(f"{path.name}.{ending}").unlink(missing_ok=True)
        return ()
    return save_figure(figure, path, PRINT_DPI)


def _table(rows: Sequence[dict[str, Any]], path: Path) -> tuple[Path, ...]:
    if not rows:
        path.unlink(missing_ok=True)
        return ()
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes_atomic(path, text.getvalue().encode())
    return (path,)
