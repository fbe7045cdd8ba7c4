"""mgld-bench worker: takes units of a shared store until there are none."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mgld_bench.cli.options import Device, Offline, Quiet, StoreUrl, Threads, TrustCards, usable_workspace, workspace_named


def worker(
    store: StoreUrl = "",
    workspace: Annotated[
        Path | None,
        typer.Option(
            "--workspace",
            "-w",
            parser=workspace_named,
            metavar="FOLDER",
            help="Where the run's workspace is mounted on this machine; default: at the same path, or address.",
        ),
    ] = None,
    device: Device = "",
    wait: Annotated[
        float, typer.Option("--wait", min=0, help="Minutes to wait for units where there are none, as before a run has begun.")
    ] = 0.0,
    lease: Annotated[
        float,
        typer.Option(
            "--lease", min=1, help="Seconds after which units of a worker that is not seen any more are given to others."
        ),
    ] = 60.0,
    offline: Offline = False,
    trust_cards: TrustCards = False,
    threads: Threads = None,
    quiet: Quiet = False,
) -> None:
    """Take units of the runs in a store, one after the other, until there are none: one worker per GPU or machine.

    The run itself waits on any machine: mgld-bench run REPORT --executor workers --store URL --workspace FOLDER.

    Example: mgld-bench worker --store postgresql://me@db/scores --workspace /mnt/bench
    """
    from mgld_bench.engine.executors.worker import WorkerSettings, work

    if workspace is not None:
        workspace = usable_workspace(workspace, to_write=True)

    def log(line: str) -> None:
        if not quiet:
            typer.echo(line, err=True)

    done = work(WorkerSettings(store, workspace, device, wait=60 * wait, lease=lease), log)
    typer.echo(f"{done} units done; nothing is left to do")
