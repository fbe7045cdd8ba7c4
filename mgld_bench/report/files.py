"""The files of a report: tables, scores, pictures, the page, and a record of how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.clips.atomic import write_bytes_atomic, write_json_atomic
from mgld_bench.engine.progress import Progress
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import origins_record
from mgld_bench.report.figures.pictures import Picture, write_pictures
from mgld_bench.report.figures.write_figures import write_figures
from mgld_bench.report.figures.written import WrittenFigure
from mgld_bench.report.folders import RECORD
from mgld_bench.report.maps.frames import mapped_frames
from mgld_bench.report.maps.write import draw_maps
from mgld_bench.report.page.windows import worst_windows
from mgld_bench.report.page.write_page import write_page
from mgld_bench.report.profiles.write import draw_profiles
from mgld_bench.report.tables.render_csv import render_frames_csv, render_long_csv, render_scores_csv, render_wide_csv
from mgld_bench.report.tables.render_latex import render_latex, render_latex_notes
from mgld_bench.report.tables.render_markdown import render_markdown
from mgld_bench.report.tables.table import Table
from mgld_bench.report.unchanged import MADE_OF
from mgld_bench.report.videos.wanted import VideoWish
from mgld_bench.report.videos.write import VideoSet, encode_videos
from mgld_bench.strict_json import strict


@dataclass(frozen=True)
class Files:
    """What was written."""

    index: Path | None
    written: tuple[Path, ...]
    """Tables, scores, run.json and the page, in this order."""
    pictures: tuple[Picture, ...]
    figures: tuple[WrittenFigure, ...]


def write_files(
    data: ReportData,
    table: Table,
    folder: Path,
    formats: Sequence[str],
    progress: Progress,
    videos: VideoWish | None,
    kept: Path | None,
    made_of: Mapping[str, str] | None,
) -> Files:
    """Write every file of a report into ``folder``.

    Args:
        data: what to show.
        table: its table.
        folder: where to write.
        formats: those of write_report().
        progress: where to report progress.
        videos: which videos the page is to have; None: neither videos nor posters.
        kept: where pictures are kept from report to report; None: nowhere.
        made_of: goes into the record; see `unchanged`.
    """
    texts = _texts(table, data, formats) if data.has_table else {}
    written = [folder / name for name in texts]
    for path, text in zip(written, texts.values(), strict=True):
        write_bytes_atomic(path, text.encode())
    figures = write_figures(data, folder, progress) if "figures" in formats and data.card.figures else ()
    pictures: tuple[Picture, ...] = tuple(
        Picture("figure", "", "", figure.title, figure.caption, figure.files) for figure in figures if figure.files
    )
    index = None
    run = folder / RECORD
    page: tuple[Path, ...] = ()
    if "html" in formats and data.has_table:
        pictures = (*pictures, *write_pictures(data, folder, progress, kept))
        played, shown = _played(data, folder, videos, progress)
        lacking = [f"{figure.title}: {reason}" for figure in figures for reason in figure.missing]
        page = (*write_page(data, table, pictures, folder, [*written, run], played.sides, lacking), *played.files, *shown)
        index = page[0]
    files = [*written, *(file for picture in pictures for file in picture.files), *page]
    record = _run(data, table, folder, figures, [file.relative_to(folder).as_posix() for file in files])
    record |= {} if made_of is None else {MADE_OF: dict(made_of)}
    write_json_atomic(run, strict(record))
    written.append(run)
    if index is not None:
        written.append(index)
    return Files(index, tuple(written), pictures, tuple(figures))


def _played(data: ReportData, folder: Path, wish: VideoWish | None, progress: Progress) -> tuple[VideoSet, tuple[Path, ...]]:
    """The videos, and the files of maps and temporal profiles."""
    kept = folder if wish is None else wish.kept
    played = encode_videos(data, folder, wish, progress) if wish else VideoSet({}, (), "")
    wanted = any(side["videos"] for sides in played.sides.values() for side in sides.values())
    maps = draw_maps(data, mapped_frames(worst_windows(data)) if wanted else {}, folder, kept, progress)
    return played, (*maps, *draw_profiles(data, wanted, folder, kept, progress))


def _texts(table: Table, data: ReportData, formats: Sequence[str]) -> dict[str, str]:
    """By file name."""
    texts: dict[str, str] = {}
    if "csv" in formats:
        texts["table.csv"] = render_long_csv(table, data)
        texts["table-wide.csv"] = render_wide_csv(table)
        texts["scores.csv"] = render_scores_csv(data)
        texts["frames.csv"] = render_frames_csv(data)
    if "md" in formats:
        texts["table.md"] = render_markdown(table)
    if "tex" in formats:
        texts["table.tex"] = render_latex(table)
        texts["table-notes.tex"] = render_latex_notes(table)
    return texts


def _run(data: ReportData, table: Table, folder: Path, figures: Sequence[WrittenFigure], files: Sequence[str]) -> dict[str, Any]:
    """Everything that is needed to assess and to repeat the numbers."""
    return {
        "report": data.card.model_dump(mode="json"),
        "protocol": data.protocol.model_dump(mode="json"),
        "datasets": {name: card.model_dump(mode="json") for name, card in data.datasets.items()},
        "methods": {name: card.model_dump(mode="json") for name, card in data.methods.items()},
        "metrics": {
            name: {"revision": facts.revision, "definition": facts.definition, "files": dict(facts.files)}
            for name, facts in data.metrics.items()
        },
        **origins_record(data),
        "warnings": list(table.warnings),
        "notes": list(table.notes),
        # Which clips, frames and places were found is in the captions.
        "figures": {figure.name: figure.record(folder) for figure in figures},
        "files": list(files),
    }
