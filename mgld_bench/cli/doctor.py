"""mgld-bench doctor: what works on this machine, what does not, and how to fix it."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from mgld_bench.cli.options import DEFAULT_WORKSPACE, Cards, Json, Workspace


def doctor(
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
    canary: Annotated[
        bool,
        typer.Option("--canary", help="Also check whether pairs can be rebuilt here, by encoding known frames."),
    ] = False,
    json_output: Json = False,
) -> None:
    """Check GPU, ffmpeg with VMAF, weights, datasets and disk. Exit code 1 where something that everything needs is broken.

    Example: mgld-bench doctor
    """
    from mgld_bench.engine.health import examine
    from mgld_bench.errors import CheckError

    findings = examine(workspace, cards or (), canary)
    if json_output:
        rows = [
            # "mend" repeats "fix" for scripts of version 0.1.0, which read it by that name.
            {**vars(finding), "mend": finding.fix}
            for finding in findings
        ]
        typer.echo(json.dumps(rows, indent=1))
    else:
        for finding in findings:
            typer.echo(f"{finding.state:8} {finding.what}: {finding.detail}")
            if finding.fix:
                typer.echo(f"         -> {finding.fix}")
    broken = [finding.what for finding in findings if finding.state == "broken"]
    if broken:
        raise CheckError(f"broken: {', '.join(broken)}")
