"""Printing of the score verb: tables that fit a terminal, what was left out, and notes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import typer
from rich.box import SIMPLE
from rich.table import Table

from mgld_bench.cli.console import TerminalConsole
from mgld_bench.cli.score_files import difference_to_first, interval_over_clips, mean_over_clips
from mgld_bench.engine.metric_choice import MetricChoice
from mgld_bench.engine.score_folders import FolderScores
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import MOST_FLAT_SHARE, ClipScore, MetricFacts
from mgld_bench.scoring.notes import grouped_notes

METRICS_PER_TABLE = 6
"""The number of columns that fit on a narrow terminal."""
GAP = "–"


def print_scores(scores: FolderScores, choice: MetricChoice, protocol: str) -> None:
    """Print the scores of every clip, with a gap for what could not run, and their notes."""
    parts = [choice.asked[start : start + METRICS_PER_TABLE] for start in range(0, len(choice.asked), METRICS_PER_TABLE)]
    for part in parts:
        last = part is parts[-1]
        TerminalConsole().print(_table([describe(name) for name in part], scores, _caption(scores, protocol) if last else None))
    for name, reason in choice.left_out.items():
        typer.echo(f"not scored: {name}: {reason}")
    print_notes(scores)


def print_notes(scores: FolderScores) -> None:
    """Print the notes of scores, and the facts that a metric wants shown."""
    for place, note in grouped_notes(_notes(scores)):
        typer.echo(f"note: {place}: {note}")
    for line in dict.fromkeys(_shown_facts(scores)):
        typer.echo(f"note: {line}")


def _caption(scores: FolderScores, protocol: str) -> str:
    text = f"protocol {protocol}; mean over frames, then over clips"
    if any(_interval_text(scores, method, describe(name)) for method in scores.methods for name in scores.metrics):
        text += "; ± or [low, high]: 95 % t interval of the mean over clips, cut where the metric's range ends"
    if len(scores.methods) > 1:
        text += (
            f"; difference: mean over clips of the method minus {scores.methods[0]}, clip by clip, ± its 95 % t interval: "
            "where it excludes 0, the methods differ"
        )
    return text


def _table(facts: Sequence[MetricFacts], scores: FolderScores, caption: str | None) -> Table:
    table = Table(box=SIMPLE, caption=caption, caption_justify="left", pad_edge=False)
    several = len(scores.methods) > 1
    if several:
        table.add_column("method", overflow="fold")
    table.add_column("clip", overflow="fold")
    for fact in facts:
        table.add_column(f"{_broken(fact.name)} {'↑' if fact.direction == 'higher' else '↓'}", justify="right", overflow="fold")
    for index, method in enumerate(scores.methods):
        found = {clip: {result.metric: result for result in results} for clip, results in scores.of_method(method).items()}
        for clip, results in found.items():
            cells = (_number([results[fact.name]] if fact.name in results else [], fact) for fact in facts)
            table.add_row(*([method] if several else []), clip, *cells)
        if len(scores.names) > 1:
            table.add_section()
            head = [method] if several else []
            columns = [[results[fact.name] for results in found.values() if fact.name in results] for fact in facts]
            means = [_number(column, fact) for column, fact in zip(columns, facts, strict=True)]
            there = len(found) if len(found) == len(scores.names) else f"{len(found)} of {len(scores.names)}"
            table.add_row(*head, f"mean of {there} clips", *means)
            intervals = [_interval_text(scores, method, fact) for fact in facts]
            if any(intervals):
                table.add_row(*head, "95 % interval", *intervals)
        if index and found:
            differences = [_difference_text(scores, method, fact) for fact in facts]
            table.add_row(method, f"difference to {scores.methods[0]}", *differences)
        if several:
            table.add_section()
    return table


def _number(values: Sequence[ClipScore], facts: MetricFacts) -> str:
    return f"{mean_over_clips(values):.{facts.digits}f}" if values else GAP


def _interval_text(scores: FolderScores, method: str, facts: MetricFacts) -> str:
    keys = [(method, clip, facts.name) for clip in scores.names]
    interval = interval_over_clips([scores.scores[key] for key in keys if key in scores.scores], facts)
    if interval is None:
        return ""
    if interval.cut:
        return f"[{interval.low:.{facts.digits}f}, {interval.high:.{facts.digits}f}]"
    return f"±{interval.half_width:.{facts.digits}f}"


def _difference_text(scores: FolderScores, method: str, facts: MetricFacts) -> str:
    difference = difference_to_first(scores, method, facts.name)
    if difference is None:
        return GAP
    text = f"{difference.mean:+.{facts.digits}f}"
    return text if difference.interval is None else f"{text} ±{difference.interval.half_width:.{facts.digits}f}"


def _broken(metric: str) -> str:
    """The name with room for a line break after the family."""
    return metric.replace(".", ".\n", 1)


def _notes(scores: FolderScores) -> Iterator[tuple[str, str, str]]:
    """(method, clip, note); see grouped_notes()."""
    for method in scores.methods:
        for clip, results in scores.of_method(method).items():
            where = method if len(scores.methods) > 1 else ""
            for result in results:
                yield from ((where, clip, note) for note in result.notes)
                share = result.facts.get("flat_share", 0.0)
                if isinstance(share, float) and share > MOST_FLAT_SHARE:
                    yield where, clip, f"{share:.0%} of the area is flat; {result.metric} is unreliable there"


def _shown_facts(scores: FolderScores) -> Iterator[str]:
    """The facts that a metric wants shown: once where all clips have the same, else for each clip."""
    found: dict[tuple[str, str], dict[str, float | str]] = {}
    for method in scores.methods:
        for clip, results in scores.of_method(method).items():
            for result in results:
                for name in describe(result.metric).shown_facts:
                    if name in result.facts:
                        found.setdefault((result.metric, name), {})[clip] = result.facts[name]
    for (metric, name), facts in found.items():
        if len(set(facts.values())) == 1:
            yield f"{metric}: {name} {next(iter(facts.values()))}"
        else:
            yield from (f"{clip}: {metric}: {name} {fact}" for clip, fact in facts.items())
