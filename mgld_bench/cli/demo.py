"""mgld-bench demo: the whole path on real video that ships with a package."""

from __future__ import annotations

from typing import Annotated

import typer

from mgld_bench.cli.options import DEFAULT_WORKSPACE, Device, Offline, StoreUrl, Workspace


def demo(
    offline: Offline = False,
    device: Device = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    workers: Annotated[int, typer.Option("--workers", min=1, help="Processes that build pairs.")] = 2,
) -> None:
    """Build pairs from two real clips, restore them with three methods, score, and write a report. No download, a few minutes.

    Example: mgld-bench demo --workspace /tmp/demo
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.cli.report import FORMATS, write
    from mgld_bench.engine.plan import make_plan, require_all
    from mgld_bench.engine.provenance import command_line
    from mgld_bench.engine.restore_folders import compute_on
    from mgld_bench.engine.run import Machinery, execute
    from mgld_bench.engine.store import open_store
    from mgld_bench.engine.suite import load_suite

    compute = compute_on(device, "float32", "")
    suite = load_suite("demo", compute)
    with open_store(store, workspace, create=True) as results:
        plan = make_plan(suite, workspace, results, compute.precision, {})
        require_all(plan, skip_unavailable=False)
        execute(plan, command_line(), Machinery(workspace, results, compute, workers, progress_display()))
        done = make_plan(suite, workspace, results, compute.precision, {})
        write(done, workspace, results, compute, FORMATS, against_paper=False)
