"""Printing of the score verb: tables that fit a terminal, what was left out, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from mgld_bench.engine.score_folders import MetricChoice
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import MOST_FLAT_SHARE, ClipScore, MetricFacts

METRICS_PER_TABLE = 6
"""The number of columns that fit on a narrow terminal."""
GAP = "–"

ClipScores = Mapping[str, Sequence[ClipScore]]


def print_scores(scores: ClipScores, choice: MetricChoice, protocol: str) -> None:
    """Print the scores of every clip, with a gap for what could not run, and their notes."""
    found = {clip: {result.metric: result for result in results} for clip, results in scores.items()}
    parts = [choice.asked[start : start + METRICS_PER_TABLE] for start in range(0, len(choice.asked), METRICS_PER_TABLE)]
    for part in parts:
        last = part is parts[-1]
        Console().print(_table([describe(name) for name in part], found, f"protocol {protocol}" if last else None))
    for name, reason in choice.left_out.items():
        typer.echo(f"not scored: {name}: {reason}")
    for line in dict.fromkeys(_notes(scores)):
        typer.echo(f"note: {line}")


def _table(facts: Sequence[MetricFacts], found: Mapping[str, Mapping[str, ClipScore]], protocol: str | None) -> Table:
    caption = None if protocol is None else f"{protocol}; mean over frames, then over clips"
    table = Table(box=SIMPLE, caption=caption, caption_justify="left", pad_edge=False)
    table.add_column("clip", overflow="fold")
    for fact in facts:
        table.add_column(f"{_broken(fact.name)} {'↑' if fact.direction == 'higher' else '↓'}", justify="right", overflow="fold")
    for clip, results in found.items():
        table.add_row(clip, *(_number([results[fact.name].value] if fact.name in results else [], fact) for fact in facts))
    if len(found) > 1:
        table.add_section()
        columns = ([results[fact.name].value for results in found.values() if fact.name in results] for fact in facts)
        means = (_number(column, fact) for column, fact in zip(columns, facts, strict=True))
        table.add_row(f"mean of {len(found)} clips", *means)
    return table


def _number(values: Sequence[float], facts: MetricFacts) -> str:
    return f"{fmean(values):.{facts.digits}f}" if values else GAP


def _broken(metric: str) -> str:
    """The name with room for a line break after the family."""
    return metric.replace(".", ".\n", 1)


def _notes(scores: ClipScores) -> Iterator[str]:
    for clip, results in scores.items():
        for result in results:
            yield from (f"{clip}: {note}" for note in result.notes)
            share = result.facts.get("flat_share", 0.0)
            if isinstance(share, float) and share > MOST_FLAT_SHARE:
                yield f"{clip}: {share:.0%} of the area is flat; {result.metric} is unreliable there"
    yield from _shown_facts(scores)


def _shown_facts(scores: ClipScores) -> Iterator[str]:
    """The facts that a metric wants shown: once where all clips have the same, else for each clip."""
    found: dict[tuple[str, str], dict[str, float | str]] = {}
    for clip, results in scores.items():
        for result in results:
            for name in describe(result.metric).shown_facts:
                if name in result.facts:
                    found.setdefault((result.metric, name), {})[clip] = result.facts[name]
    for (metric, name), facts in found.items():
        if len(set(facts.values())) == 1:
            yield f"{metric}: {name} {next(iter(facts.values()))}"
        else:
            yield from (f"{clip}: {metric}: {name} {fact}" for clip, fact in facts.items())
