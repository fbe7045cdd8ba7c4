"""Printing of the profile verb: a table of what methods cost, and what its numbers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict

import typer
from rich.box import SIMPLE
from rich.table import Table

from mgld_bench.cli.console import TerminalConsole
from mgld_bench.cli.display import size
from mgld_bench.engine.cost_columns import short_count, short_seconds
from mgld_bench.engine.profiling import RANDOM, MethodProfile
from mgld_bench.restoring.profiling import COUNTED, ProfileResult
from mgld_bench.restoring.record import library_versions
from mgld_bench.threads import threads

GAP = "-"
_PIPE_WIDTH = 200
"""Characters of a line where the output is not a terminal."""


def print_profiles(profiles: Sequence[MethodProfile]) -> None:
    """Print one row per method, all measured on the same input and device, then the details of each and what is counted."""
    terminal = TerminalConsole().is_terminal
    console = TerminalConsole() if terminal else TerminalConsole(width=_PIPE_WIDTH)
    console.print(_table(profiles, terminal))
    for each in profiles:
        for line in _facts(each):
            typer.echo(f"{each.method}: {line}")
    result = profiles[0].result
    typer.echo(
        f"input: {result.frames} frames of {result.width}x{result.height} (a moving texture), output "
        f"{result.scale * result.width}x{result.scale * result.height}; {result.device}, {result.precision}"
    )
    typer.echo("s/frame: a run's time divided by its frames; median of the timed runs, after a warm-up run")
    typer.echo(f"FLOPs: {COUNTED}")
    typer.echo(f"memory: {_memory_meaning(result)}")
    if any(each.weights.startswith(RANDOM) for each in profiles):
        typer.echo("random weights: the same cost, except where the amount of work depends on the values (as in RealBasicVSR)")


def as_json(profile: MethodProfile) -> dict[str, object]:
    """Everything about one method, for JSON: sizes in bytes, times in seconds, FLOPs as ``flops_counted`` explains."""
    result = profile.result
    derived = {
        "seconds_per_frame": result.seconds_per_frame,
        "seconds_spread": result.spread,
        "threads": threads(),
        "trained_parameters": result.trained_parameters,
    }
    facts = {"flops_counted": COUNTED, "versions": library_versions()}
    return {"method": profile.method, "title": profile.title, "weights": profile.weights} | asdict(result) | derived | facts


def _table(profiles: Sequence[MethodProfile], terminal: bool) -> Table:
    on_gpu = any(each.result.peak_gpu is not None for each in profiles)
    table = Table(box=SIMPLE if terminal else None, pad_edge=False)
    table.add_column("method", overflow="fold")
    headings = ["parameters", "trained", "GFLOPs/frame", "s/frame", "memory", "process"]
    for heading in (*headings, *(["GPU"] if on_gpu else [])):
        table.add_column(heading, justify="right")
    for each in profiles:
        table.add_row(each.method, *_cells(each.result, on_gpu))
    return table


def _cells(result: ProfileResult, on_gpu: bool) -> list[str]:
    cells = [
        short_count(result.total_parameters),
        short_count(result.trained_parameters),
        GAP if result.flops_per_frame is None else f"{result.flops_per_frame / 1e9:,.2f}",
        short_seconds(result.seconds_per_frame),
        f"+{size(result.resident_increase)}",
        size(result.peak_resident),
    ]
    return [*cells, *([GAP if result.peak_gpu is None else size(result.peak_gpu)] if on_gpu else [])]


def _facts(profile: MethodProfile) -> list[str]:
    result = profile.result
    lines = [f"weights: {profile.weights}"]
    if result.parameters:
        lines.append(f"parameters: {_by_name(result.parameters)}; trained: {_by_name(result.trained) or 'none'}")
    lines.append(
        f"timed runs: {', '.join(map(short_seconds, result.seconds))} s/frame "
        f"(median {short_seconds(result.seconds_per_frame)}, spread {result.spread:.0%} from fastest to slowest)"
    )
    if result.seconds_to_first_frame is not None:
        lines.append(f"first frame after {short_seconds(result.seconds_to_first_frame)} s, with the weights loaded")
    return [*lines, *(f"{topic}: {note}" for topic, note in result.notes.items())]


def _by_name(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in counts.items())


def _memory_meaning(result: ProfileResult) -> str:
    process = "peak of the process while restoring (process), and its part on top of the loaded weights (memory)"
    gpu = "; GPU: peak of what PyTorch had allocated there, weights included"
    return process + ("" if result.peak_gpu is None else gpu)
