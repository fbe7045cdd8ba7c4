"""mgld-bench clean: what lies in a workspace and belongs to nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import DEFAULT_WORKSPACE, FolderToWrite, Json, StoreUrl


def clean(
    yes: Annotated[bool, typer.Option("--yes", help="Delete; without it, only state what would be freed.")] = False,
    workspace: FolderToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    json_output: Json = False,
) -> None:
    """Show what no unit of a workspace owns, and free it with --yes: interrupted work, frames without record, unshown videos.

    Scores, pairs, restored clips and reports stay. Restored frames of old nights: mgld-bench nightly clean.

    Example: mgld-bench clean --workspace workspace
    """
    from mgld_bench.cli.display import size
    from mgld_bench.engine.leftovers import find_leftovers, free_leftovers
    from mgld_bench.engine.safe_writes import has_writer
    from mgld_bench.engine.store import open_store

    with open_store(store, workspace, create=False) as opened:
        if not yes and has_writer(workspace):
            typer.echo(
                "a run is using this workspace: what it is working on is listed too, and nothing can be freed now", err=True
            )
        found = find_leftovers(workspace, opened)
        if yes and found:
            found = free_leftovers(workspace, opened)
    total = sum(leftover.size for leftover in found)
    if json_output:
        print_json(
            {"freed": yes, "bytes": total, "left": [_row(leftover.path, leftover.what, leftover.size) for leftover in found]}
        )
        return
    for leftover in found:
        typer.echo(f"{leftover.path}: {leftover.what}: {size(leftover.size)}")
    if not found:
        typer.echo("nothing to free")
    else:
        typer.echo(f"freed: {size(total)}" if yes else f"would free {size(total)}; --yes does")


def _row(path: Path, what: str, size: int) -> dict[str, object]:
    return {"path": str(path), "what": what, "bytes": size}
