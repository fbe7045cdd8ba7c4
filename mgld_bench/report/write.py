"""A report as files: tables, scores, plots, strips, the page, and a record of how it was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.clips.atomic import write_bytes_atomic, write_json_atomic
from mgld_bench.engine.progress import Progress, Silent
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import origins_record
from mgld_bench.report.collect.sessions import collect_sessions
from mgld_bench.report.figures.pictures import Picture, write_pictures
from mgld_bench.report.figures.write_figures import WrittenFigure, write_figures
from mgld_bench.report.folders import dated_folder
from mgld_bench.report.maps.frames import mapped_frames
from mgld_bench.report.maps.write import draw_maps
from mgld_bench.report.page.windows import worst_windows
from mgld_bench.report.page.write_page import write_page
from mgld_bench.report.profiles.write import draw_profiles
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.render_csv import render_frames_csv, render_long_csv, render_scores_csv, render_wide_csv
from mgld_bench.report.tables.render_latex import render_latex, render_latex_notes
from mgld_bench.report.tables.render_markdown import render_markdown
from mgld_bench.report.tables.table import Table
from mgld_bench.report.videos.wanted import VideoWish
from mgld_bench.report.videos.write import VideoSet, encode_videos
from mgld_bench.strict_json import strict

FORMATS = ("csv", "md", "tex", "html", "figures")
_WITHOUT_PICTURES = {"csv", "md", "tex"}
"""Formats for which no frame has to be opened."""


@dataclass(frozen=True)
class ReportFiles:
    """The files of a written report."""

    folder: Path
    table: Table
    index: Path | None
    """The page, where html was asked for and there are numbers."""
    written: tuple[Path, ...]
    """Tables, scores, run.json and the page, in this order."""
    pictures: tuple[Picture, ...]
    figures: tuple[WrittenFigure, ...] = ()
    """Those that the card names."""


def write_session_report(
    session: Session,
    command: Sequence[str],
    formats: Sequence[str] = FORMATS,
    against_published: bool = False,
    progress: Progress | None = None,
    output: Path | None = None,
    videos: VideoWish | None = None,
    others: Sequence[Session] = (),
) -> ReportFiles:
    """Collect the scores that a session's workspace has, and write its report into workspace/reports/<report>/<date and time>.

    See `folders` for the links that lead to the newest.

    Args:
        session: the suite, its workspace and its results database.
        command: recorded as that which asked for the report.
        formats: see write_report(), likewise ``against_published``, ``progress`` and ``videos``.
        output: write into this folder in place of that of the workspace, and replace files of the same names.
        others: the same suite in further workspaces or databases, whose scores are shown too; see merged().

    Raises:
        InputError: see write_report() and merged().
    """
    data = collect_sessions((session, *others), " ".join(command), needs_pictures(formats), progress)
    if output is not None:
        return write_report(data, output, formats, against_published, progress, videos)
    return write_dated_report(data, session.workspace, formats, against_published, progress, videos)


def write_dated_report(
    data: ReportData,
    workspace: Path,
    formats: Sequence[str] = FORMATS,
    against_published: bool = False,
    progress: Progress | None = None,
    videos: VideoWish | None = None,
) -> ReportFiles:
    """As write_report(), into a dated folder of the workspace, which is then the latest; see `folders`."""
    with dated_folder(workspace / "reports" / data.card.name) as folder:
        return write_report(data, folder, formats, against_published, progress, videos)


def needs_pictures(formats: Sequence[str]) -> bool:
    """Whether frames have to be opened for a report in these formats."""
    return not set(formats) <= _WITHOUT_PICTURES


def write_report(
    data: ReportData,
    folder: Path,
    formats: Sequence[str] = FORMATS,
    against_published: bool = False,
    progress: Progress | None = None,
    videos: VideoWish | None = None,
) -> ReportFiles:
    """Write a report into ``folder``; files of the same names are replaced, each as a whole or not at all.

    run.json is always written: it records how the numbers were made, and which files belong to them.

    Args:
        data: what to show.
        folder: where to write.
        formats: csv: table.csv (a line per number), table-wide.csv (as printed), scores.csv (per clip), frames.csv (per frame);
            md: table.md; tex: table.tex (the table by itself) and table-notes.tex; html: index.html with plots/ and strips/;
            figures: figures/, those that the card names as PNG, SVG, PDF and LaTeX. Without numbers there are figures alone.
        against_published: print the published values beside ours, after comparing Bicubic.
        progress: where to report progress; default: nowhere.
        videos: which videos the page is to have; default: neither videos nor posters.

    Raises:
        InputError: an unknown format; see also build_table().
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"unknown report format {unknown[0]!r}: use {', '.join(FORMATS)}")
    progress = progress or Silent()
    table = build_table(data, against_published)
    texts = _texts(table, data, formats) if data.has_table else {}
    written = [folder / name for name in texts]
    for path, text in zip(written, texts.values(), strict=True):
        write_bytes_atomic(path, text.encode())
    figures = write_figures(data, folder, progress) if "figures" in formats and data.card.figures else ()
    pictures: tuple[Picture, ...] = tuple(
        Picture("figure", "", "", figure.title, figure.caption, figure.files) for figure in figures if figure.files
    )
    index = None
    run = folder / "run.json"
    page: tuple[Path, ...] = ()
    if "html" in formats and data.has_table:
        pictures = (*pictures, *write_pictures(data, folder, progress))
        played, shown = _played(data, folder, videos, progress)
        lacking = [f"{figure.title}: {reason}" for figure in figures for reason in figure.missing]
        page = (*write_page(data, table, pictures, folder, [*written, run], played.sides, lacking), *played.files, *shown)
        index = page[0]
    files = [*written, *(file for picture in pictures for file in picture.files), *page]
    write_json_atomic(run, strict(_run(data, table, figures, [file.relative_to(folder).as_posix() for file in files])))
    written.append(run)
    if index is not None:
        written.append(index)
    return ReportFiles(folder, table, index, tuple(written), pictures, figures)


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


def _run(data: ReportData, table: Table, figures: Sequence[WrittenFigure], files: Sequence[str]) -> dict[str, Any]:
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
        "figures": {figure.name: {"caption": figure.caption, "missing": list(figure.missing)} for figure in figures},
        "files": list(files),
    }
