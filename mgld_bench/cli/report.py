"""mgld-bench report: tables, plots and the page of a report card, from what has been scored."""

from __future__ import annotations

import os
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    Cards,
    Clips,
    Datasets,
    Json,
    Limit,
    LowResolution,
    Methods,
    Metrics,
    Offline,
    Precision,
    Protocol,
    Quiet,
    Sources,
    parse_sources,
    split_names,
    usable_workspace,
    workspace_named,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mgld_bench.engine.plan import Plan
    from mgld_bench.engine.session import Session
    from mgld_bench.report.tables.table import Table
    from mgld_bench.report.videos.wanted import VideoWish
    from mgld_bench.report.write import ReportFiles

PAPER: Final = "paper"
"""What stands for the published values that a report card names."""


def report(
    name: Annotated[
        str, typer.Argument(metavar="REPORT", help="Name of a report card, or a card file; none where --scores is given.")
    ] = "",
    formats: Annotated[
        str, typer.Option("--format", help="Formats, separated by commas; default: csv,md,tex,html,figures.")
    ] = "",
    against: Annotated[
        str,
        typer.Option(
            "--against",
            help="paper: put the published values of the report's card beside ours; or the name of a published set (list "
            "published); default: no comparison.",
        ),
    ] = "",
    methods: Methods = "",
    datasets: Datasets = "",
    metrics: Metrics = "",
    clips: Clips = "",
    limit: Limit = None,
    protocol: Protocol = "",
    degradation: LowResolution = "",
    source: Sources = None,
    offline: Offline = False,
    precision: Precision = "float32",
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Folder for the report; default: a dated folder in reports/REPORT of the workspace."),
    ] = None,
    workspaces: Annotated[
        list[Path] | None,
        typer.Option(
            "--workspace",
            "-w",
            parser=workspace_named,
            metavar="FOLDER",
            help="Folder of pairs, restored clips and results; may be repeated, to report several as one: the report is written "
            "into the first; default: workspace.",
        ),
    ] = None,
    stores: Annotated[
        list[str] | None,
        typer.Option(
            "--store",
            help="SQLAlchemy URL of a results database; may be repeated, to report several as one; default: results.sqlite in "
            "each workspace.",
        ),
    ] = None,
    scores: Annotated[
        list[Path] | None,
        typer.Option(
            "--scores",
            metavar="RESTORED",
            help="Report what score has kept of these clips, without any card: a folder of clips for each method, or a folder of "
            "methods, as score takes them; may be repeated; default: the scores of REPORT.",
        ),
    ] = None,
    gt: Annotated[
        Path | None, typer.Option("--gt", help="With --scores: the ground truth; default: scores without ground truth.")
    ] = None,
    lr: Annotated[
        Path | None, typer.Option("--lr", help="With --scores: the LR clips, for pictures; default: no pictures.")
    ] = None,
    frames: Annotated[
        str, typer.Option(help="With --scores: the frame numbers that were scored, such as 0-5; default: those of the protocol.")
    ] = "",
    shift: Annotated[str, typer.Option(metavar="DOWN,RIGHT", help="With --scores: as it was scored; default: not shifted.")] = "",
    colour: Annotated[
        str, typer.Option(help="With --scores: as it was scored, for video without tags; default: as score takes it.")
    ] = "",
    cards: Cards = None,
    videos: Annotated[
        str,
        typer.Option(
            "--videos",
            help="crops: whole frames as preview, and a part of each clip exactly, where methods have to differ; full: whole "
            "frames exactly, about ten times the size; previews: only these; none: no videos.",
        ),
    ] = "crops",
    videos_limit: Annotated[
        str, typer.Option("--videos-limit", help="What the videos may take on disk; where they would take more, there are fewer.")
    ] = "10GB",
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Write a report of the scores that exist; missing ones are shown as gaps, and exit code 3 means that there are some.

    Example: mgld-bench report table1 --format html,tex --against paper

    Example: mgld-bench report --scores out/mine --scores out/theirs --gt REDS4/GT
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.engine.session import Session
    from mgld_bench.errors import IncompleteError, InputError
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
    room = parse_size(videos_limit)
    if bool(name) == bool(scores):
        raise typer.BadParameter("name a report card, or the clips that score has scored with --scores", param_hint="REPORT")
    if against == PAPER and protocol:
        raise InputError(
            "--against paper and --protocol exclude each other: published values belong to the protocol of the report's card"
        )
    if against not in ("", PAPER):
        from mgld_bench.report.collect.published_sets import require_set

        require_set(against, cards or ())
    of_scores = {"--gt": gt, "--lr": lr, "--frames": frames, "--shift": shift, "--colour": colour}
    alone = [option for option, value in of_scores.items() if value]
    if alone and not scores:
        raise typer.BadParameter("belongs to --scores; a report card names its datasets and its protocol", param_hint=alone[0])
    places = places_to_read(workspaces or [], stores or [], to_write=output is None)
    if scores:
        of_cards = {"--methods": methods, "--datasets": datasets, "--degradation": degradation, "--source": source}
        given = [option for option, value in {**of_cards, "--against paper": against == PAPER}.items() if value]
        if given or len(places) > 1:
            raise typer.BadParameter("needs a report card, and --scores has none", param_hint=(given or ["several --store"])[0])
        from mgld_bench.cli.report_scores import KeptWish, write_kept

        request = KeptWish(
            restored=scores,
            ground_truth=gt,
            low_resolution=lr,
            clips=split_names(clips),
            limit=limit,
            metrics=split_names(metrics),
            protocol=protocol or "mgld-2024",
            frames=frames,
            shift=shift,
            colour=colour,
            cards=cards or (),
            against=against,
        )
        ((workspace, store),) = places
        kept_videos = VideoWish(folder_of_videos(workspace, output), choice, room)
        files = write_kept(request, workspace, store, chosen, output, kept_videos, progress_display(quiet))
        show(files, json_output, dated=output is None)
        missing = incomplete(files)
        if missing:
            raise IncompleteError(missing.replace("mgld-bench run", "mgld-bench score"))
        return
    with ExitStack() as opened:
        first, *others = [
            opened.enter_context(
                Session.open(
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
                    protocol=protocol,
                    clips=split_names(clips),
                    limit=limit,
                )
            )
            for workspace, store in places
        ]
        first.require_known()
        wish = VideoWish(folder_of_videos(first.workspace, output), choice, room)
        files = write(first, chosen, against, json_output, output, wish, others, quiet)
        missing = "; ".join(part for part in (_without_card(first), incomplete(files)) if part)
        if missing:
            raise IncompleteError(f"{first.suite.report.name}: {missing}")


def places_to_read(workspaces: Sequence[Path], stores: Sequence[str], to_write: bool) -> list[tuple[Path, str]]:
    """Every workspace with every database of which results are wanted; "" is the workspace's own.

    Where nothing is named, or one workspace, it may still be empty; of several, each has to be there.
    """
    from mgld_bench.errors import InputError

    folders = [
        usable_workspace(folder, to_write=to_write and index == 0)
        for index, folder in enumerate(workspaces or [DEFAULT_WORKSPACE])
    ]
    folders = list({folder.resolve(): folder for folder in reversed(folders)}.values())[::-1]
    if len(folders) > 1:
        for folder in folders:
            if not folder.is_dir() or not (stores or (folder / "results.sqlite").exists()):
                raise InputError(f"--workspace {folder}: holds no results; name that of a run, or its database with --store")
    return [(folder, store) for folder in folders for store in dict.fromkeys(stores or [""])]


def folder_of_videos(workspace: Path, output: Path | None) -> Path:
    """Where encoded videos are kept: in the workspace, but beside a report that is written elsewhere if that cannot be used."""
    from mgld_bench.report.videos.wanted import KEPT_VIDEOS

    if output is not None and not os.access(workspace, os.W_OK):
        return output / ".videos"
    return workspace / KEPT_VIDEOS


def write(
    session: Session,
    formats: Sequence[str] = (),
    against: str = "",
    json_output: bool = False,
    output: Path | None = None,
    videos: VideoWish | None = None,
    others: Sequence[Session] = (),
    quiet: bool = False,
    plan: Plan | None = None,
) -> ReportFiles:
    """Write the report into the workspace or ``output``, print its table and where it is; see write_session_report()."""
    from mgld_bench.cli.display import progress_display
    from mgld_bench.clips.atomic import require_writable
    from mgld_bench.engine.machine import command_line
    from mgld_bench.report.write import FORMATS, write_session_report

    if output is not None:
        require_writable(output)
    progress = progress_display(quiet)
    named = "" if against == PAPER else against
    files = write_session_report(
        session, command_line(), formats or FORMATS, against == PAPER, progress, output, videos, others, named, plan
    )
    show(files, json_output, dated=output is None)
    return files


def show(files: ReportFiles, json_output: bool, dated: bool) -> None:
    """Print the table of a report and where it is, or all of it as JSON; ``dated``: others like it may come."""
    from mgld_bench.cli.console import TerminalConsole
    from mgld_bench.report.tables.render_terminal import render_terminal

    if json_output:
        from mgld_bench.cli.report_json import as_json

        print_json(as_json(files))
        return
    if files.table.rows:
        TerminalConsole().print(render_terminal(files.table))
    drawn = [figure.name for figure in files.figures if figure.files]
    if drawn:
        typer.echo(f"figures: {', '.join(drawn)} in {files.folder / 'figures'}, each as png, svg, pdf and tex")
    if files.unchanged:
        typer.echo(f"unchanged since it was written: {files.folder}")
    else:
        typer.echo("written: " + ", ".join(path.name for path in files.written) + f" in {files.folder}")
    if files.index is not None:
        typer.echo(f"page: {files.index}")
    if dated:
        typer.echo(f"the newest report is always in {files.folder.parent}")


def _without_card(session: Session) -> str:
    """The methods that were asked for and whose cards cannot be read, in one line; "" where all are in the table."""
    lost = [one for one in session.suite.obstacles if one.kind == "method" and one.name not in session.suite.order]
    return "; ".join(f"incomplete: method {one.name}: {one.reason}" for one in lost)


def incomplete(files: ReportFiles) -> str:
    """What the report lacks, in one line; "" where every number and figure is there."""
    from mgld_bench.report.figures.written import missing_figures

    return "; ".join(part for part in (_missing_numbers(files.table), missing_figures(files.figures)) if part)


def _missing_numbers(table: Table) -> str:
    cells = [cell for row in table.cells for cell in row]
    gaps = [cell for cell in cells if not cell.complete and not cell.unpublished]
    if not gaps:
        return ""
    methods = ", ".join(dict.fromkeys(cell.method for cell in gaps))
    if not gaps[0].dataset:
        return f"incomplete: not measured yet: {methods}; to measure them: mgld-bench run"
    metrics = ", ".join(dict.fromkeys(cell.metric for cell in gaps))
    what = "nothing is scored yet" if not any(cell.scored for cell in cells) else f"gaps of {methods} in {metrics}"
    return f"incomplete: {len(gaps)} of {len(cells)} numbers lack clips ({what}); to fill them: mgld-bench run"
