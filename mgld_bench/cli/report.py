"""mgld-bench report: tables, plots and the page of a report card, from what has been scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    Cards,
    Datasets,
    Json,
    LowResolution,
    Methods,
    Metrics,
    Offline,
    Precision,
    Sources,
    StoreUrl,
    WorkspaceToWrite,
    parse_sources,
    split_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mgld_bench.engine.session import Session
    from mgld_bench.report.tables.table import Table
    from mgld_bench.report.videos.wanted import VideoWish
    from mgld_bench.report.write import ReportFiles


def report(
    name: Annotated[str, typer.Argument(metavar="REPORT", help="Name of a report card, or a card file.")],
    formats: Annotated[str, typer.Option("--format", help="Formats, separated by commas; default: csv,md,tex,html.")] = "",
    against: Annotated[
        str, typer.Option("--against", help="paper: put the published values beside ours; default: no comparison.")
    ] = "",
    methods: Methods = "",
    datasets: Datasets = "",
    metrics: Metrics = "",
    degradation: LowResolution = "",
    source: Sources = None,
    offline: Offline = False,
    precision: Precision = "float32",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the report; default: a dated folder in reports/REPORT of the workspace."),
    ] = None,
    workspace: WorkspaceToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
    videos: Annotated[
        str,
        typer.Option(
            "--videos",
            help="crops: whole frames as preview, and a part of each clip exactly, where methods have to differ; full: whole "
            "frames exactly, about ten times the size; none: no videos.",
        ),
    ] = "crops",
    videos_limit: Annotated[
        str, typer.Option("--videos-limit", help="What the videos may take on disk; where they would take more, there are fewer.")
    ] = "10GB",
    json_output: Json = False,
) -> None:
    """Write a report of the scores that exist; missing ones are shown as gaps, and exit code 3 says that there are some.

    Example: mgld-bench report table1 --format html,tex --against paper
    """
    from mgld_bench.engine.session import Session
    from mgld_bench.errors import IncompleteError
    from mgld_bench.report.videos.budget import parse_size
    from mgld_bench.report.videos.wanted import CHOICES, VideoWish
    from mgld_bench.report.write import FORMATS

    chosen = split_names(formats) or FORMATS
    unknown = [text for text in chosen if text not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r}: use {', '.join(FORMATS)}", param_hint="--format")
    choice = next((one for one in CHOICES if one == videos), None)
    if choice is None:
        raise typer.BadParameter(f"{videos!r}: use {', '.join(CHOICES)}", param_hint="--videos")
    limit = parse_size(videos_limit)
    if against not in ("", "paper"):
        raise typer.BadParameter(f"{against!r}: use 'paper'", param_hint="--against")
    with Session.open(
        name,
        workspace=workspace,
        methods=split_names(methods),
        datasets=split_names(datasets),
        metrics=split_names(metrics),
        sources=parse_sources(source),
        cards=cards or (),
        store=store,
        read_only=True,
        precision=precision,
        degradation=degradation,
        as_made=True,
    ) as session:
        wish = VideoWish(session.workspace / "videos", choice, limit)
        files = write(session, chosen, against == "paper", json_output, output, wish)
        missing = incomplete(files.table)
        if missing:
            raise IncompleteError(f"{session.suite.report.name}: {missing}")


def write(
    session: Session,
    formats: Sequence[str] = (),
    against_paper: bool = False,
    json_output: bool = False,
    output: Path | None = None,
    videos: VideoWish | None = None,
) -> ReportFiles:
    """Write the report into the workspace or ``output``, print its table and where it is. Without ``formats``: in all of them."""
    from rich.console import Console

    from mgld_bench.cli.display import progress_display
    from mgld_bench.clips.atomic import require_writable
    from mgld_bench.engine.machine import command_line
    from mgld_bench.report.tables.render_terminal import render_terminal
    from mgld_bench.report.write import FORMATS, write_session_report

    if output is not None:
        require_writable(output)
    files = write_session_report(session, command_line(), formats or FORMATS, against_paper, progress_display(), output, videos)
    if json_output:
        print_json(as_json(files))
        return files
    Console().print(render_terminal(files.table))
    typer.echo("written: " + ", ".join(path.name for path in files.written) + f" in {files.folder}")
    if files.index is not None:
        typer.echo(f"page: {files.index}")
    if output is None:
        typer.echo(f"the newest report is always in {files.folder.parent}")
    return files


def as_json(files: ReportFiles) -> dict[str, object]:
    """The numbers of a written report, which way is better, how each metric is computed, and where the numbers were made."""
    from mgld_bench.metrics.catalogue import describe

    record = json.loads((files.folder / "run.json").read_text(encoding="utf-8"))
    numbers = [
        {
            "dataset": cell.dataset,
            "method": cell.method,
            "metric": cell.metric,
            "direction": f"{describe(cell.metric).direction} is better",
            "mean": cell.value,
            "interval95": None
            if cell.value is None or cell.half_width is None
            else [cell.value - cell.half_width, cell.value + cell.half_width],
            "clips": cell.scored,
            "clips_asked": cell.expected,
            "published": cell.published,
        }
        for row in files.table.cells
        for cell in row
    ]
    return {
        "report": record["report"]["name"],
        "protocol": record["protocol"]["name"],
        "numbers": numbers,
        **{name: record[name] for name in ("metrics", "made_on", "provenance", "warnings")},
        "written": [str(path) for path in files.written],
    }


def incomplete(table: Table) -> str:
    """What the table lacks, in one line; "" where every number is there."""
    cells = [cell for row in table.cells for cell in row]
    gaps = [cell for cell in cells if not cell.complete and not cell.unpublished]
    if not gaps:
        return ""
    methods = ", ".join(dict.fromkeys(cell.method for cell in gaps))
    metrics = ", ".join(dict.fromkeys(cell.metric for cell in gaps))
    what = "nothing is scored yet" if not any(cell.scored for cell in cells) else f"gaps of {methods} in {metrics}"
    return f"incomplete: {len(gaps)} of {len(cells)} numbers lack clips ({what}); to fill them: mgld-bench run"
