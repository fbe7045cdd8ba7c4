"""mgld-bench store: what a results database holds, and taking it from one to another."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import DEFAULT_WORKSPACE, Json, StoreUrl, Workspace

if TYPE_CHECKING:
    from mgld_bench.engine.transfer import Added

app = typer.Typer(no_args_is_help=True, help="Results databases: info, export, import, merge.", rich_markup_mode=None)


@app.command("info")
def info(workspace: Workspace = DEFAULT_WORKSPACE, store: StoreUrl = "", json_output: Json = False) -> None:
    """Show what a results database holds: its form, runs, units, scores, costs, nights.

    Example: mgld-bench store info --workspace workspace
    """
    from mgld_bench.engine.store import open_store
    from mgld_bench.engine.transfer import counts_of

    _require(workspace, store)
    with open_store(store, workspace, create=False) as opened:
        counts = counts_of(opened)
        address = opened.address
    if json_output:
        print_json({"store": address, **counts})
        return
    typer.echo(address)
    for name, count in counts.items():
        typer.echo(f"  {name:13} {count}")


@app.command("export")
def export(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write a file per table.")],
    form: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="Of the files.")] = "csv",
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
) -> None:
    """Write everything that a results database holds as CSV or Parquet, a file per table, for other programs and for import.

    Example: mgld-bench store export results --format parquet
    """
    from mgld_bench.engine.store import open_store
    from mgld_bench.engine.transfer import content_of, write_files

    _require(workspace, store)
    with open_store(store, workspace, create=False) as opened:
        for path in write_files(content_of(opened), folder, form):
            typer.echo(str(path))


@app.command("import")
def import_files(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="A folder that store export has written.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
) -> None:
    """Add exported results to a results database. Exit code 1 where a unit that is in both has different scores.

    Example: mgld-bench store import results --store postgresql://me@db/scores
    """
    from mgld_bench.engine.store import open_store
    from mgld_bench.engine.transfer import add_content, read_files

    content = read_files(folder)
    with open_store(store, workspace, create=True) as opened:
        _print_added(add_content(opened, content, str(folder)), opened.address)


@app.command("merge")
def merge(
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="URL of a results database, or a workspace.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
) -> None:
    """Add what another results database holds, by the keys of units. Exit code 1 where one unit has different scores in both.

    Example: mgld-bench store merge /mnt/box2/workspace --workspace workspace
    """
    from mgld_bench.engine.store import open_store
    from mgld_bench.engine.transfer import add_content, content_of
    from mgld_bench.home import expanded

    folder = expanded(Path(source))
    if "://" not in source:
        _require(folder, "")
    with open_store(source if "://" in source else "", folder, create=False) as theirs:
        content, origin = content_of(theirs), theirs.address
    with open_store(store, workspace, create=True) as opened:
        _print_added(add_content(opened, content, origin), opened.address)


def _require(workspace: Path, store: str) -> None:
    from mgld_bench.errors import InputError

    if not store and not (workspace / "results.sqlite").is_file():
        raise InputError(f"{workspace}: holds no results; name the workspace of a run, or its database with --store")


def _print_added(added: Added, address: str) -> None:
    typer.echo(
        f"{address}: {added.units} units added, {added.known} were there already with the same scores; {added.profiles} measured "
        f"costs and {added.nights} nights added"
    )
