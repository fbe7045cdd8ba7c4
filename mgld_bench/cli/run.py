"""mgld-bench run: everything that a report card asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from mgld_bench.cli.execution import Devices, ExecutorName, SlurmOptions, chosen_devices, executing, on_other_machines
from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import (
    DEFAULT_WORKSPACE,
    AllowTF32,
    Cards,
    Clips,
    Datasets,
    Json,
    Limit,
    LowResolution,
    MaxMemory,
    Methods,
    Metrics,
    Offline,
    Precision,
    Protocol,
    Quiet,
    SkipUnavailable,
    Sources,
    StoreUrl,
    Threads,
    TrustCards,
    Workspace,
    parse_sources,
    split_names,
    usable_workspace,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mgld_bench.engine.costs import Cost, Estimate
    from mgld_bench.engine.plan import Plan, Unit
    from mgld_bench.engine.session import Outcome, Session


def run(
    report: Annotated[str, typer.Argument(metavar="REPORT", help="Name of a report card, or a card file.")],
    methods: Methods = "",
    datasets: Datasets = "",
    metrics: Metrics = "",
    clips: Clips = "",
    limit: Limit = None,
    protocol: Protocol = "",
    degradation: LowResolution = "",
    source: Sources = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only print what would be done, how long it would take, and how much disk.")
    ] = False,
    skip_unavailable: SkipUnavailable = False,
    workers: Annotated[
        int,
        typer.Option("--workers", min=1, help="Processes that build pairs; with --executor: on the CPU, under Slurm its jobs."),
    ] = 1,
    executor: ExecutorName = "",
    slurm: SlurmOptions = None,
    offline: Offline = False,
    trust_cards: TrustCards = False,
    device: Devices = "",
    threads: Threads = None,
    precision: Precision = "float32",
    allow_tf32: AllowTF32 = False,
    max_memory: MaxMemory = "",
    workspace: Workspace = DEFAULT_WORKSPACE,
    store: StoreUrl = "",
    cards: Cards = None,
    quiet: Quiet = False,
    json_output: Json = False,
) -> None:
    """Build the pairs, restore and score what a report card asks for, and write its report; finished units are never done again.

    What cannot run does not hold up the rest; exit code 3 means that something has no result.

    Example: mgld-bench run demo --methods bicubic,realesrgan --dry-run
    """
    from mgld_bench.cli.display import progress_display
    from mgld_bench.engine.machine import command_line
    from mgld_bench.engine.session import SKIP_HINT, Session
    from mgld_bench.errors import IncompleteError

    usable_workspace(workspace, to_write=not dry_run)
    devices = chosen_devices(device)
    do = None if dry_run else executing(executor, devices, workers, store, slurm or ())
    with Session.open(
        report,
        workspace=workspace,
        methods=split_names(methods),
        datasets=split_names(datasets),
        metrics=split_names(metrics),
        sources=parse_sources(source),
        cards=cards or (),
        store=store,
        read_only=dry_run,
        device=devices[0] if devices else "",
        precision=precision,
        max_memory=max_memory,
        allow_tf32=allow_tf32,
        degradation=degradation,
        protocol=protocol,
        clips=split_names(clips),
        limit=limit,
        by_others=on_other_machines(executor),
    ) as session:
        if not skip_unavailable:
            session.require_known(SKIP_HINT)
        if dry_run:
            plan = session.plan()
            print_plan(plan, session.estimate(plan), json_output, [one.text for one in session.unmeasured()])
            return
        outcome = session.attempt(
            command_line(), skip_unavailable=skip_unavailable, workers=workers, progress=progress_display(quiet), do=do
        )
        print_done(session, outcome, json_output, quiet)
        if outcome.missing:
            raise IncompleteError(outcome.missing)


def print_plan(plan: Plan, cost: Estimate, json_output: bool, unmeasured: Sequence[str] = ()) -> None:
    """Print what would be done, and what it would cost. ``unmeasured``: costs of methods that would be measured, in words."""
    costs = plan.suite.report.costs
    if json_output:
        answer = {
            "units": [_without_blanks(unit) for unit in plan.units],
            "waiting": [_without_blanks(unit) for unit in plan.waiting],
            "obstacles": [vars(obstacle) for obstacle in plan.obstacles],
            "estimate": _cost(cost.now) | {"basis": cost.basis},
            "estimate_of_waiting": _cost(cost.later),
            "remarks": plan.remarks,
            **({} if costs is None else {"measurements": list(unmeasured)}),
        }
        print_json(answer)
        return
    if costs is not None:
        typer.echo(f"profile  {len(unmeasured)} of {len(plan.suite.methods) * len(costs.sizes)} measurements to make")
        for line in unmeasured:
            typer.echo(f"  {line}")
    for kind in ("pair", "restore", "score") if costs is None else ():
        every = [unit for unit in plan.units if unit.kind == kind]
        waiting = [unit for unit in plan.waiting if unit.kind == kind]
        later = f", and {_counted(waiting)} once what is missing is there" if waiting else ""
        typer.echo(f"{kind:8} {len(plan.todo(kind))} of {len(every)} units to do{later}")
    for line in _todo_lines(plan.units):
        typer.echo(f"  {line}")
    if plan.waiting:
        typer.echo("and, once what is missing (see below) is there:")
        for line in _todo_lines(plan.waiting):
            typer.echo(f"  {line}")
    _print_cost("", cost.now)
    if plan.waiting:
        _print_cost(" for what waits", cost.later)
    typer.echo(f"         going by {cost.basis}")
    for line in plan.remarks:
        typer.echo(line)
    for obstacle in plan.obstacles:
        typer.echo(f"cannot run: {obstacle.kind} {obstacle.name}: {obstacle.reason}")


def _counted(units: Sequence[Unit]) -> str:
    """So many units, and the frames of pairs and restored clips as far as they are known."""
    frames = sum(unit.frames for unit in units)
    return f"{len(units)} ({frames} frames)" if frames else str(len(units))


def _cost(cost: Cost) -> dict[str, object]:
    return {
        "seconds": cost.time.likely,
        "seconds_low": cost.time.low,
        "seconds_high": cost.time.high,
        "unknown": cost.unknown,
        "disk_bytes": round(cost.disk.likely),
        "disk_bytes_low": round(cost.disk.low),
        "disk_bytes_high": round(cost.disk.high),
    }


def _print_cost(of_what: str, cost: Cost) -> None:
    from mgld_bench.cli.display import duration, size

    low, high = duration(cost.time.low), duration(cost.time.high)
    typer.echo(f"time     about {duration(cost.time.likely)}, {low} to {high}{of_what}")
    if cost.unknown:
        typer.echo(f"         without what is not known: {', '.join(cost.unknown)}")
    typer.echo(f"disk     about {size(cost.disk.likely)}, {size(cost.disk.low)} to {size(cost.disk.high)}{of_what}")


def _without_blanks(unit: Unit) -> dict[str, object]:
    return {key: value for key, value in vars(unit).items() if value != ""}


def _todo_lines(units: Sequence[Unit]) -> list[str]:
    """One line per pair, restored clip, and set of scores of a restored clip that is not done."""
    metrics: dict[str, list[str]] = {}
    for unit in units:
        if not unit.done:
            place = " ".join(part for part in (unit.dataset, unit.clip, unit.method) if part)
            metrics.setdefault(f"{unit.kind:8} {place}", []).append(unit.metric)
    return [f"{place}: {', '.join(names)}" if names[0] else place for place, names in metrics.items()]


def print_done(session: Session, outcome: Outcome, json_output: bool, quiet: bool) -> None:
    """Write the report, and print what was done and what was left out."""
    from mgld_bench.cli.display import progress_display
    from mgld_bench.cli.report import write
    from mgld_bench.cli.report_json import as_json
    from mgld_bench.engine.machine import command_line
    from mgld_bench.report.write import write_session_report

    plan = outcome.plan
    done = {kind: len(plan.todo(kind)) for kind in ("pair", "restore", "score")}
    if plan.suite.report.costs is not None:
        done = {"profile": outcome.measured}
    shown = bool(plan.scores or plan.suite.report.figures or plan.suite.report.costs)
    if json_output:
        progress = progress_display(quiet)
        files = write_session_report(session, command_line(), progress=progress, plan=outcome.plan_now) if shown else None
        answer = {
            "report": plan.suite.report.name,
            "done": done,
            "left_out": [vars(obstacle) for obstacle in plan.obstacles],
            "missing": outcome.missing,
            "written": None if files is None else str(files.folder),
            **({} if files is None else {"scores": as_json(files)}),
        }
        print_json(answer)
        return
    if shown:
        files = write(session, quiet=quiet, plan=outcome.plan_now)
        # A run may be one of many, in a night or on a cluster: it takes neither time nor disk for videos.
        if files.index is not None:
            typer.echo("the page has no videos yet: mgld-bench report with the same arguments adds them")
    counts = ", ".join(f"{count} {kind} units" for kind, count in done.items())
    if outcome.missing:
        typer.echo(f"{counts} were to be done; the last line names what has no result; the rest was done earlier")
    else:
        typer.echo(f"{counts} done now; the rest was done earlier")
    if plan.obstacles:
        typer.echo(f"left out: {', '.join(dict.fromkeys(obstacle.name for obstacle in plan.obstacles))}: see under the table")
