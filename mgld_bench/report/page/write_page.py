"""Everything that a report's page consists of, in one folder that opens from disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.figures.pictures import Picture
from mgld_bench.report.page.clip_entries import Sides, clip_entries
from mgld_bench.report.page.render_html import render_page
from mgld_bench.report.page.scripts import data_script
from mgld_bench.report.page.static_files import write_static
from mgld_bench.report.tables.table import Table


def write_page(
    data: ReportData, table: Table, pictures: Sequence[Picture], folder: Path, files: Sequence[Path], sides: Sides | None = None
) -> tuple[Path, ...]:
    """Write index.html, page/ (scripts and styles) and data/ (numbers as scripts) into ``folder``.

    Args:
        data: what the report shows.
        table: its table.
        pictures: its pictures, below ``folder``.
        folder: where to write.
        files: other files of the report, below ``folder``, to which the page links.
        sides: what there is to play.

    Returns:
        The files written, index.html first.
    """
    index = folder / "index.html"
    written = [*write_static(folder / "page")]
    report = {"clips": clip_entries(data, sides or {})}
    written.append(_write(folder / "data" / "report.js", data_script("report", report)))
    page = render_page(data, table, pictures, folder, files)
    return (_write(index, page), *written)


def _write(path: Path, text: str) -> Path:
    write_bytes_atomic(path, text.encode())
    return path
