"""mgld-bench demo: the whole path on real video that ships with a package."""

from __future__ import annotations

from typing import Annotated

import typer

from mgld_bench.cli.options import DEFAULT_WORKSPACE, Device, Offline, Quiet, StoreUrl, Threads, WorkspaceToWrite


def demo(
    offline: Offline = False,
    device: Device = "",
    threads: Threads = None,
    quiet: Quiet = False,
    workspace: WorkspaceToWrite = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    workers: Annotated[int, typer.Option("--workers", min=1, help="Number of processes that build pairs.")] = 2,
) -> None:
    """Build pairs from two real clips, restore them with three methods, score them, and write a report.

    Needs no download, and a few minutes.

    Example: mgld-bench demo --workspace /tmp/demo
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.cli.report import write
    from mgld_bench.engine.machine import command_line
    from mgld_bench.engine.session import Session
    from mgld_bench.errors import IncompleteError
    from mgld_bench.report.videos.wanted import VideoWish

    with Session.open("demo", workspace=workspace, store=store, device=device) as session:
        outcome = session.attempt(command_line(), workers=workers, progress=progress_display(quiet))
        write(session, quiet=quiet, videos=VideoWish(session.workspace / "videos"))
        if outcome.missing:
            raise IncompleteError(outcome.missing)
