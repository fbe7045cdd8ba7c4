"""Comparisons for Python callers: arguments checked by name, the result as a table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from mgld_bench.comparing.comparison import Line
from mgld_bench.comparing.gates.gate import gate_of, load_gate
from mgld_bench.comparing.gates.outcome import GateOutcome, gate_as_json, outcome_of
from mgld_bench.comparing.request import CompareRequest, run_gate, run_request
from mgld_bench.comparing.show.as_json import as_json
from mgld_bench.engine import arguments
from mgld_bench.engine.progress import Silent
from mgld_bench.errors import InputError


def compare_sides(
    sides: Sequence[str | Path],
    baselines: bool,
    gt: str | Path | None,
    datasets: str | Sequence[str],
    metrics: str | Sequence[str],
    protocol: str,
    margins: Mapping[str, float],
    workspace: str | Path,
    store: str,
    cards: Sequence[str | Path],
    device: str,
    gate: str | Path | Mapping[str, object] | None = None,
) -> pd.DataFrame:
    """What `mgld_bench.compare` does; the arguments are its own."""
    for metric, margin in margins.items():
        if not isinstance(margin, (int, float)) or not 0 < margin < float("inf"):
            raise InputError(f"margins[{metric!r}]: must be a number above 0, not {margin!r}")
    request = CompareRequest(
        sides=tuple(str(side) if isinstance(side, Path) else arguments.text("sides", side) for side in sides),
        against_all=baselines,
        ground_truth=None if gt is None else arguments.path("gt", gt),
        datasets=arguments.names("datasets", datasets),
        metrics=arguments.names("metrics", metrics),
        protocol=protocol,
        margins=margins,
        workspace=arguments.path("workspace", workspace),
        store=store,
        cards=arguments.paths("cards", cards),
        device=device,
        command=("mgld_bench.compare(…)",),
    )
    if gate is None:
        found, seen = run_request(request, Silent()), None
    else:
        rules = gate_of(gate) if isinstance(gate, Mapping) else load_gate(str(arguments.path("gate", gate)))
        found, seen = run_gate(request, rules, Silent())
    table: pd.DataFrame = pd.DataFrame([_row(line) for line in found.lines])
    table.attrs = {"notes": list(found.notes), "missing": list(found.missing), "comparison": as_json(found)}
    if seen is not None:
        table.attrs["gate"] = gate_as_json(found, seen)
    return table


def outcome_in(table: pd.DataFrame) -> GateOutcome:
    """What `mgld_bench.gate_outcome` does."""
    if "gate" not in table.attrs:
        raise InputError("no gate was checked: give mgld_bench.compare one with gate=…")
    return outcome_of(table.attrs["gate"])


def _row(line: Line) -> dict[str, object]:
    interval, verdict = line.paired.interval, line.verdict
    return {
        "dataset": line.dataset,
        "metric": line.metric.name,
        "reference": line.reference,
        "candidate": line.candidate,
        "clips": len(line.clips),
        "reference_mean": line.reference_mean,
        "candidate_mean": line.candidate_mean,
        "difference": line.paired.mean,
        "low": float("nan") if interval is None else interval.low,
        "high": float("nan") if interval is None else interval.high,
        "p": line.paired.p,
        "p_holm": line.p,
        "wins": line.wins,
        "ties": line.paired.ties,
        "losses": line.losses,
        "verdict": verdict.word,
        "because": verdict.because,
        "detectable": verdict.detectable,
        "clips_needed": verdict.clips_needed,
    }
