"""A report as files: tables, scores, plots, strips, the page, and a record of how it was made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.engine.plan import Plan
from mgld_bench.engine.progress import Progress, Silent
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.sessions import collect_sessions
from mgld_bench.report.figures.pictures import Picture
from mgld_bench.report.figures.written import WrittenFigure
from mgld_bench.report.folders import RECORD, dated_folder, remove_left_over
from mgld_bench.report.made_of import report_made_of
from mgld_bench.report.tables.build import build_table
from mgld_bench.report.tables.table import Table
from mgld_bench.report.unchanged import WrittenReport, unchanged_report
from mgld_bench.report.videos.wanted import KEPT_VIDEOS, VideoWish

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
    unchanged: bool = False
    """Whether it was there already, made of the same."""


def write_session_report(
    session: Session,
    command: Sequence[str],
    formats: Sequence[str] = FORMATS,
    against_published: bool = False,
    progress: Progress | None = None,
    output: Path | None = None,
    videos: VideoWish | None = None,
    others: Sequence[Session] = (),
    against: str = "",
    plan: Plan | None = None,
) -> ReportFiles:
    """Collect the scores that a session's workspace has, and write its report into workspace/reports/<report>/<date and time>.

    See `folders` for the links that lead to the newest.

    Args:
        session: the suite, its workspace and its results database.
        command: recorded as that which asked for the report.
        formats: see write_report(), likewise ``against_published``, ``against``, ``progress`` and ``videos``.
        output: write into this folder in place of that of the workspace, and replace files of the same names.
        others: the same suite in further workspaces or databases, whose scores are shown too; see merged().
        plan: see collect_sessions().

    Raises:
        InputError: see write_report() and merged().
    """
    data = collect_sessions((session, *others), " ".join(command), needs_pictures(formats), progress, plan)
    if output is not None:
        return write_report(data, output, formats, against_published, progress, videos, against=against)
    return write_dated_report(data, session.workspace, formats, against_published, progress, videos, against)


def write_dated_report(
    data: ReportData,
    workspace: Path,
    formats: Sequence[str] = FORMATS,
    against_published: bool = False,
    progress: Progress | None = None,
    videos: VideoWish | None = None,
    against: str = "",
) -> ReportFiles:
    """As write_report(), into a dated folder of the workspace, which is then the latest; see `folders`.

    Where the latest is made of the same, it is returned, and nothing is written.
    """
    top = workspace / "reports" / data.card.name
    parts = {"report": report_made_of(data, formats, against_published, against), "videos": videos.in_words if videos else ""}
    there = unchanged_report(top, **parts)
    if there is not None:
        remove_left_over(top)
        return _as_written(there, build_table(data, against_published, against))
    kept = videos.kept if videos else workspace / KEPT_VIDEOS
    with dated_folder(top) as folder:
        return write_report(data, folder, formats, against_published, progress, videos, kept, parts, against)


def _as_written(report: WrittenReport, table: Table) -> ReportFiles:
    folder, files = report.folder, report.record["files"]
    index = folder / "index.html" if "index.html" in files else None
    tables = [folder / name for name in files if "/" not in name and name != "index.html"]
    figures = [WrittenFigure.from_record(folder, name, kept) for name, kept in report.record["figures"].items()]
    written = (*tables, folder / RECORD, *([index] if index else []))
    return ReportFiles(folder, table, index, written, (), tuple(figures), unchanged=True)


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
    kept: Path | None = None,
    made_of: Mapping[str, str] | None = None,
    against: str = "",
) -> ReportFiles:
    """Write a report into ``folder``; files of the same names are replaced, each as a whole or not at all.

    run.json is always written: it records how the numbers were made, and which files belong to them.

    Args:
        data: what to show.
        folder: where to write.
        formats: csv: table.csv (a line per number), table-wide.csv (as printed), scores.csv (per clip), frames.csv (per frame);
            md: table.md; tex: table.tex (the table by itself) and table-notes.tex; html: index.html with plots/ and strips/;
            figures: figures/, those that the card names as PNG, SVG, PDF and LaTeX. Without numbers there are figures alone.
        against_published: print the card's published values beside ours, after comparing Bicubic.
        progress: where to report progress; default: nowhere.
        videos: which videos the page is to have; default: neither videos nor posters.
        kept: where pictures are kept from report to report; default: where the videos are, or nowhere.
        made_of: goes into run.json; see `unchanged`.
        against: print the values of this published set beside ours; "": of none.

    Raises:
        InputError: an unknown format; see also build_table().
    """
    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise InputError(f"unknown report format {unknown[0]!r}: use {', '.join(FORMATS)}")
    # Here, because what draws takes a second to load, and a report that is there already is not written again.
    from mgld_bench.report.files import write_files

    table = build_table(data, against_published, against)
    done = write_files(
        data, table, folder, formats, progress or Silent(), videos, kept or (videos.kept if videos else None), made_of
    )
    return ReportFiles(folder, table, done.index, done.written, done.pictures, done.figures)
