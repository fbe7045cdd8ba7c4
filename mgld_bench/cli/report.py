"""mgld-bench report: tables, plots and the page of a report card, from what has been scored."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    Cards,
    Offline,
    Precision,
    Sources,
    StoreUrl,
    Workspace,
    parse_sources,
    split_names,
)

if TYPE_CHECKING:
    from mgld_bench.engine.plan import Plan
    from mgld_bench.engine.store import Store
    from mgld_bench.methods.compute import Compute

FORMATS = ("csv", "md", "tex", "html")


def report(
    name: Annotated[str, typer.Argument(metavar="REPORT", help="Name of a report card, or a card file.")],
    formats: Annotated[str, typer.Option("--format", help="csv, md, tex, html, separated by commas; default: all.")] = "",
    against: Annotated[str, typer.Option("--against", help="paper: put the published values beside ours.")] = "",
    methods: Annotated[str, typer.Option(help="Only these methods, separated by commas.")] = "",
    datasets: Annotated[str, typer.Option(help="Only these datasets, separated by commas.")] = "",
    metrics: Annotated[str, typer.Option(help="Only these metrics, separated by commas.")] = "",
    source: Sources = None,
    offline: Offline = False,
    precision: Precision = "float32",
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
) -> None:
    """Write a report of the scores that are there; what is missing is shown as a gap.

    Example: mgld-bench report demo --format html,tex --against paper
    """
    from mgld_bench.engine.plan import make_plan
    from mgld_bench.engine.restore_folders import compute_on
    from mgld_bench.engine.store import open_store
    from mgld_bench.engine.suite import load_suite

    chosen = split_names(formats) or FORMATS
    unknown = [text for text in chosen if text not in FORMATS]
    if unknown:
        raise typer.BadParameter(f"{unknown[0]!r}: use {', '.join(FORMATS)}", param_hint="--format")
    if against not in ("", "paper"):
        raise typer.BadParameter(f"{against!r}: only 'paper'", param_hint="--against")
    compute = compute_on("", precision, "")
    suite = load_suite(name, compute, split_names(datasets), split_names(methods), split_names(metrics), cards or ())
    with open_store(store, workspace, create=False) as results:
        plan = make_plan(suite, workspace, results, precision, parse_sources(source))
        write(plan, workspace, results, compute, chosen, against == "paper")


def write(plan: Plan, workspace: Path, store: Store, compute: Compute, formats: tuple[str, ...], against_paper: bool) -> None:
    """Write the report into the workspace, print the table and where the page is."""
    from rich.console import Console

    from mgld_bench.engine.provenance import command_line, provenance
    from mgld_bench.report.collect.from_store import collect
    from mgld_bench.report.tables.render_terminal import render_terminal
    from mgld_bench.report.write import write_report

    data = collect(plan, workspace, store, {**provenance(command_line(), compute), **store.latest_run(plan.suite.report.name)})
    files = write_report(data, workspace / "reports" / plan.suite.report.name, formats, against_paper)
    Console().print(render_terminal(files.table))
    typer.echo("written: " + ", ".join(path.name for path in files.written) + f" in {files.folder}")
    if files.index is not None:
        typer.echo(f"page: {files.index}")
