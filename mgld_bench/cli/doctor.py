"""mgld-bench doctor: what works on this machine, what does not, and how to fix it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import DEFAULT_WORKSPACE, Cards, Json, Workspace

if TYPE_CHECKING:
    from mgld_bench.engine.health import Finding

GROUPS = ("method", "metric", "dataset")
"""Kinds of findings that are counted unless they are asked for."""


def doctor(
    topic: Annotated[
        str,
        typer.Argument(
            metavar="[TOPIC]", help="Only this, in full: method, metric, dataset, GPU, or a name; default: all, short."
        ),
    ] = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
    canary: Annotated[
        bool,
        typer.Option("--canary", help="Also check whether pairs can be rebuilt here, by encoding known frames."),
    ] = False,
    verbose: Annotated[bool, typer.Option("--verbose", help="Show every finding in full.")] = False,
    json_output: Json = False,
) -> None:
    """Check GPU, ffmpeg with VMAF, weights, datasets and disk. Exit code 1 where something that everything needs is broken.

    With a TOPIC, exit code 1 where anything about it is missing or broken.

    Example: mgld-bench doctor
    """
    from mgld_bench.engine.health import examine
    from mgld_bench.errors import CheckError

    findings = examine(workspace, cards or (), canary)
    if topic:
        findings = _about(topic, findings)
    if json_output:
        rows = [
            # "mend" repeats "fix" for scripts of version 0.1.0, which read it by that name.
            {**vars(finding), "mend": finding.fix}
            for finding in findings
        ]
        print_json(rows)
    else:
        short = not (topic or verbose)
        for finding in findings:
            if short and _group(finding):
                continue
            typer.echo(f"{finding.state:8} {finding.what}: {finding.detail}")
            if finding.fix:
                typer.echo(f"         -> {finding.fix}")
        if short:
            _print_counts(findings)
    absent = [finding.what for finding in findings if finding.state == "missing"] if topic else []
    if absent:
        raise CheckError(f"missing or broken: {', '.join(finding.what for finding in findings if finding.state != 'ok')}")
    broken = [finding.what for finding in findings if finding.state == "broken"]
    if broken:
        raise CheckError(f"broken: {', '.join(broken)}")


def _group(finding: Finding) -> str:
    """The kind of a finding that the short form counts; "" for one that it shows."""
    first = finding.what.split()[0]
    return next((kind for kind in GROUPS if first in (kind, f"{kind}s")), "")


def _about(topic: str, findings: list[Finding]) -> list[Finding]:
    from mgld_bench.errors import InputError

    wanted = topic.casefold()
    found = [
        finding
        for finding in findings
        if wanted in finding.what.casefold().replace(",", " ").split() or wanted == _group(finding)
    ]
    found = found or [finding for finding in findings if wanted == finding.what.casefold() or wanted == f"{_group(finding)}s"]
    if not found:
        raise InputError(
            f"{topic}: doctor checks nothing of this name; name method, metric, dataset, or one of: "
            f"{', '.join(finding.what for finding in findings if not _group(finding))}"
        )
    return found


def _print_counts(findings: list[Finding]) -> None:
    for kind in GROUPS:
        of_kind = [finding for finding in findings if _group(finding) == kind]
        names = {
            state: sum(len(finding.what.removeprefix(f"{kind} ").split(", ")) for finding in of_kind if finding.state == state)
            for state in ("ok", "missing", "broken")
        }
        if kind == "metric":
            # One finding holds all that can run.
            names["ok"] = sum(len(finding.detail.split(", ")) for finding in of_kind if finding.state == "ok")
        state = "broken" if names["broken"] else "missing" if names["missing"] else "ok"
        typer.echo(f"{state:8} {kind}s: {names['ok']} of {sum(names.values())} can be used; see mgld-bench doctor {kind}")
