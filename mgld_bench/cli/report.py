"""mgld-bench report: tables, plots and the page of a report card, from what has been scored."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    Cards,
    Datasets,
    LowResolution,
    Methods,
    Metrics,
    Offline,
    Precision,
    Sources,
    StoreUrl,
    Workspace,
    parse_sources,
    split_names,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mgld_bench.engine.session import Session
    from mgld_bench.report.tables.table import Table
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
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
) -> None:
    """Write a report of the scores that exist; missing ones are shown as gaps, and exit code 3 says that there are some.

    Example: mgld-bench report table1 --format html,tex --against paper
    """
    from mgld_bench.engine.session import Session
    from mgld_bench.errors import IncompleteError
    from mgld_bench.report.write import FORMATS

    chosen = split_names(formats) or FORMATS
    unknown = [text for text in chosen if text not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r}: use {', '.join(FORMATS)}", param_hint="--format")
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
        files = write(session, chosen, against == "paper")
        missing = incomplete(files.table)
        if missing:
            raise IncompleteError(f"{session.suite.report.name}: {missing}")


def write(session: Session, formats: Sequence[str] = (), against_paper: bool = False) -> ReportFiles:
    """Write the report into the workspace, print its table and where the page is. Without ``formats``: in all of them."""
    from rich.console import Console

    from mgld_bench.cli.display import progress_display
    from mgld_bench.engine.machine import command_line
    from mgld_bench.report.tables.render_terminal import render_terminal
    from mgld_bench.report.write import FORMATS, write_session_report

    files = write_session_report(session, command_line(), formats or FORMATS, against_paper, progress_display())
    Console().print(render_terminal(files.table))
    typer.echo("written: " + ", ".join(path.name for path in files.written) + f" in {files.folder}")
    if files.index is not None:
        typer.echo(f"page: {files.index}")
    return files


def incomplete(table: Table) -> str:
    """What the table lacks, in one line; "" where every number is there."""
    cells = [cell for row in table.cells for cell in row]
    gaps = [cell for cell in cells if not cell.complete]
    if not gaps:
        return ""
    methods = ", ".join(dict.fromkeys(cell.method for cell in gaps))
    metrics = ", ".join(dict.fromkeys(cell.metric for cell in gaps))
    what = "nothing is scored yet" if not any(cell.scored for cell in cells) else f"gaps of {methods} in {metrics}"
    return f"incomplete: {len(gaps)} of {len(cells)} numbers lack clips ({what}); to fill them: mgld-bench run"
