"""mgld-bench status: what runs where, what is done, what has failed, and how long the rest takes."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Final

import typer

from mgld_bench.cli.json_output import print_json
from mgld_bench.cli.options import DEFAULT_WORKSPACE, Json, StoreUrl, Workspace

if TYPE_CHECKING:
    from mgld_bench.engine.executors.staff import Worker
    from mgld_bench.engine.executors.survey import JobSurvey, Survey

_INTERVAL: Final = 2.0
"""Seconds between two looks."""
_STATES: Final = ("done", "running", "ready", "blocked", "failed")


def status(workspace: Workspace = DEFAULT_WORKSPACE, store: StoreUrl = "", json_output: Json = False) -> None:
    """Show the runs by workers of a store: what each worker does, what is done, what has failed, how long the rest takes.

    On a terminal it is kept up to date until nothing is left to do; in a pipe, and with --json, it is printed once.

    Example: mgld-bench status --store postgresql://me@db/scores
    """
    from mgld_bench.engine.executors.survey import survey
    from mgld_bench.engine.store import open_store

    with open_store(store, workspace, create=False) as opened:
        found = survey(opened)
        if json_output:
            print_json(_plain(found, opened.address))
            return
        if not sys.stdout.isatty() or not found.left:
            typer.echo("\n".join(_lines(found, opened.address)))
            return
        from rich.live import Live
        from rich.text import Text

        with Live(auto_refresh=False) as live:
            while True:
                live.update(Text("\n".join(_lines(found, opened.address))), refresh=True)
                if not found.left:
                    return
                time.sleep(_INTERVAL)
                found = survey(opened)


def _lines(found: Survey, address: str) -> list[str]:
    from mgld_bench.cli.display import duration

    if not found.jobs:
        return [f"{address}: no run by workers; runs in one process show their own progress"]
    lines = []
    for job in found.jobs:
        lines += _job_lines(job)
    lines += ["", f"{found.working} workers" if found.workers else "no workers"]
    lines += [_worker_line(worker, found.now) for worker in found.workers]
    left = found.seconds_left
    if not found.left:
        lines.append("nothing is left to do")
    elif left is not None:
        lines.append(f"about {duration(left)} left")
    else:
        lines.append(
            "how long the rest takes is not known yet" if found.working else "nobody is working: start mgld-bench worker"
        )
    return lines


def _job_lines(job: JobSurvey) -> list[str]:
    total = job.count(*_STATES)
    state = "has ended" if job.closed else "is going on"
    counts = ", ".join(f"{job.count(name)} {name}" for name in _STATES if job.count(name))
    lines = [f"{job.report} ({job.workspace} on {job.host}) {state}: {total} units: {counts or 'none'}"]
    for part in job.parts:
        states = ", ".join(f"{part.counts[name]} {name}" for name in _STATES if part.counts.get(name))
        each = "" if part.seconds is None else f"; {part.seconds:.1f} s each"
        lines.append(f"  {part.kind:8} {part.what:24} {states}{each}")
    lines += [f"  FAILED {line}" for line in job.failures]
    return lines


def _worker_line(worker: Worker, now: float) -> str:
    from mgld_bench.engine.executors.survey import MISSING

    doing = worker.doing or "waits for units"
    if worker.ended:
        doing = f"ended: {worker.ended}"
    elif now - worker.seen >= MISSING:
        doing = f"not seen for {now - worker.seen:.0f} s, last with: {doing}"
    return f"  {worker.executor:7} {worker.host} {worker.device} (process {worker.pid}): {doing}"


def _plain(found: Survey, address: str) -> dict[str, object]:
    return {
        "store": address,
        "jobs": [
            {
                "report": job.report,
                "workspace": job.workspace,
                "host": job.host,
                "started_at": job.started_at,
                "ended": job.closed,
                **{name: job.count(name) for name in _STATES},
                "parts": [
                    {"kind": part.kind, "what": part.what, "counts": dict(part.counts), "seconds_each": part.seconds}
                    for part in job.parts
                ],
                "failures": list(job.failures),
            }
            for job in found.jobs
        ],
        "workers": [
            {
                "id": worker.id,
                "host": worker.host,
                "process": worker.pid,
                "device": worker.device,
                "executor": worker.executor,
                "doing": worker.doing or None,
                "seen_seconds_ago": round(found.now - worker.seen, 1),
                "ended": worker.ended or None,
                "notes": list(worker.notes),
            }
            for worker in found.workers
        ],
        "left": found.left,
        "seconds_left": found.seconds_left,
    }
