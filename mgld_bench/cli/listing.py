"""mgld-bench list: what there is, and what is missing to run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Literal

import typer

from mgld_bench.cli.options import DEFAULT_WORKSPACE, Cards, Json, Workspace

DETAILS = ("to run it", "definition", "datasets", "missing")
"""Columns that are printed on separate lines."""


def list_what(
    what: Annotated[Literal["datasets", "methods", "metrics", "reports"], typer.Argument(help="What to list.")],
    workspace: Workspace = DEFAULT_WORKSPACE,
    cards: Cards = None,
    json_output: Json = False,
) -> None:
    """List datasets, methods, metrics or reports, and what is missing to run each.

    Example: mgld-bench list methods
    """
    makers = {"datasets": _datasets, "methods": _methods, "metrics": _metrics, "reports": _reports}
    rows = makers[what](workspace, cards or [])
    if json_output:
        typer.echo(json.dumps(rows, indent=1))
        return
    for row in rows:
        headline = [text for column, text in row.items() if column != "name" and column not in DETAILS and text]
        typer.echo(f"{row['name']:24} {'  '.join(headline)}".rstrip())
        for column in DETAILS:
            if row.get(column):
                typer.echo(f"    {column}: {row[column]}")


def _datasets(workspace: Path, cards: list[Path]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import list_cards, load_dataset
    from mgld_bench.pairs.stored import list_pairs

    rows = []
    for entry in list_cards("dataset", cards):
        card = load_dataset(entry.name, cards)
        degradation = card.degradation or "existing"
        built = len(list_pairs(workspace, card.name, degradation))
        packaged = any(layout.package for layout in card.layouts)
        total = len(card.clips) or card.clip_count
        state = f"{built} of {total or '?'} clips prepared" if built else "ships with a package" if packaged else "not prepared"
        missing = "" if built or packaged else f"mgld-bench datasets prepare {card.name} --source DIR"
        rows.append(
            {"name": card.name, "title": card.heading, "low resolution": degradation, "state": state, "to run it": missing}
        )
    return rows


def _methods(_workspace: Path, cards: list[Path]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import list_cards, load_method
    from mgld_bench.methods.compute import Compute
    from mgld_bench.restoring.loading import why_unavailable

    rows = []
    for entry in list_cards("method", cards):
        card = load_method(entry.name, cards)
        missing = why_unavailable(card, Compute()) or ""
        license_ = card.publication.license
        rows.append({"name": card.name, "title": card.heading, "licence": license_, "missing": missing})
    return rows


def _metrics(_workspace: Path, _cards: list[Path]) -> list[dict[str, str]]:
    from mgld_bench.metrics.catalogue import describe, metric_names, reason_unavailable

    rows = []
    for name in metric_names():
        facts = describe(name)
        needs = "ground truth" if facts.needs_reference else ""
        better = "↑" if facts.direction == "higher" else "↓"
        missing = reason_unavailable(name) or ""
        row = {"name": name, "better": better, "needs": needs, "licence": facts.license}
        rows.append({**row, "missing": missing, "definition": facts.definition})
    return rows


def _reports(_workspace: Path, cards: list[Path]) -> list[dict[str, str]]:
    from mgld_bench.cards.loader import list_cards, load_report

    rows = []
    for entry in list_cards("report", cards):
        card = load_report(entry.name, cards)
        datasets = ", ".join(dataset.name for dataset in card.datasets)
        rows.append({"name": card.name, "title": card.heading, "protocol": card.protocol, "datasets": datasets})
    return rows
