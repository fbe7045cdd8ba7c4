"""Everything that a report's page consists of, in one folder that opens from disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.report.clip_ids import clip_id, every_clip
from mgld_bench.report.collect.data import Cell, ReportData
from mgld_bench.report.figures.pictures import Picture
from mgld_bench.report.page.clip_entries import Sides
from mgld_bench.report.page.clip_scores import Origins, clip_scores
from mgld_bench.report.page.render_html import render_page, shown
from mgld_bench.report.page.report_data import report_data
from mgld_bench.report.page.scripts import data_script
from mgld_bench.report.page.static_files import write_static
from mgld_bench.report.page.thumbnails import write_thumbnails
from mgld_bench.report.page.windows import worst_windows
from mgld_bench.report.tables.table import Table


def write_page(
    data: ReportData,
    table: Table,
    pictures: Sequence[Picture],
    folder: Path,
    files: Sequence[Path],
    sides: Sides | None = None,
    lacking: Sequence[str] = (),
) -> tuple[Path, ...]:
    """Write index.html, page/ (scripts and styles) and data/ (numbers as scripts) into ``folder``.

    Args:
        data: what the report shows.
        table: its table.
        pictures: its pictures, below ``folder``.
        folder: where to write.
        files: other files of the report, below ``folder``, to which the page links.
        sides: what there is to play.
        lacking: what figures could not show, and why.

    Returns:
        The files written, index.html first.
    """
    origins = Origins()
    written = [*write_static(folder / "page"), *_write_clips(data, folder / "data" / "clips", origins)]
    thumbnails = write_thumbnails(data, folder)
    addresses = {name: quote(path.relative_to(folder).as_posix()) for name, path in thumbnails.items()}
    report = report_data(data, table, [shown(picture, folder) for picture in pictures], sides or {}, addresses, origins)
    written += [
        *thumbnails.values(),
        _write(folder / "data" / "report.js", data_script("report", report)),
        _write(folder / "data" / "windows.js", data_script("windows", worst_windows(data))),
    ]
    page = render_page(data, table, pictures, folder, files, lacking)
    return (_write(folder / "index.html", page), *written)


def _write_clips(data: ReportData, folder: Path, origins: Origins) -> list[Path]:
    written = []
    by_dataset: dict[str, list[Cell]] = {}
    for cell in data.cells:
        by_dataset.setdefault(cell.dataset, []).append(cell)
    for dataset, clip in every_clip(data):
        name = clip_id(dataset, clip)
        scores = clip_scores(data, dataset, clip, by_dataset[dataset], origins)
        written.append(_write(folder / f"{name}.js", data_script(f"clips/{name}", scores)))
    return written


def _write(path: Path, text: str) -> Path:
    write_bytes_atomic(path, text.encode())
    return path
