"""A study's result as tables of text: one form for terminal, Markdown, CSV and page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.report.tables.numbers import format_value
from mgld_bench.study.results.metric_agreement import MetricAgreement
from mgld_bench.study.results.question_result import QuestionResult
from mgld_bench.study.results.result import StudyResult
from mgld_bench.study.results.show.words import (
    NONE,
    p_text,
    percent,
    ranks_text,
    share_text,
    strength_text,
    votes_text,
)


@dataclass(frozen=True)
class Bar:
    """An interval on the line from 0 to 1 of a table's drawings, with a mark at ``zero``."""

    low: float
    middle: float
    high: float
    zero: float


@dataclass(frozen=True)
class TextTable:
    """A table."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    words: tuple[int, ...] = (0,)
    """The columns that hold words, which stand on the left; the others are numbers."""
    bars: tuple[Bar | None, ...] = ()
    """Drawings beside the rows; none where it is empty."""


def strengths_table(question: QuestionResult) -> TextTable:
    """The methods, the strongest first."""
    with_groups = question.groups > 1
    rows = [
        (
            method.name,
            strength_text(method),
            share_text(method.share),
            str(method.share.count if method.share else 0),
            ranks_text(method),
            *([NONE if method.group < 0 else str(method.group + 1)] if with_groups else []),
        )
        for method in question.methods
    ]
    heads = ("method", "strength [95\u00a0%]", "preferred [95\u00a0%]", "votes", "rank", *(["group"] if with_groups else []))
    return TextTable("Strengths", heads, tuple(rows), bars=_strength_bars(question))


def pairs_table(question: QuestionResult) -> TextTable:
    """The pairs of methods; votes: for the first, ties, for the second."""
    rows = [
        (
            pair.first,
            pair.second,
            votes_text(pair.share),
            share_text(pair.share),
            p_text(pair.p_holm),
            pair.verdict,
        )
        for pair in question.pairs
    ]
    heads = ("first", "second", "votes", "preference [95\u00a0%]", "p (Holm)", "the first is")
    bars = tuple(
        Bar(pair.share.interval[0], pair.share.share, pair.share.interval[1], 0.5)
        if pair.share is not None and pair.share.interval is not None
        else None
        for pair in question.pairs
    )
    return TextTable("Pairs of methods", heads, tuple(rows), (0, 1, 5), bars if any(bars) else ())


def matrix_table(question: QuestionResult) -> TextTable:
    """How often the row was preferred to the column."""
    names = [method.name for method in question.methods]
    rows = []
    for row in names:
        cells = [row]
        for column in names:
            pair = question.pair(row, column) if row != column else None
            if pair is None or pair.share is None:
                cells.append(NONE)
            else:
                cells.append(percent(pair.share.share if pair.first == row else 1 - pair.share.share))
        rows.append(tuple(cells))
    return TextTable("How often the row was preferred to the column", ("", *names), tuple(rows))


def participants_table(result: StudyResult) -> TextTable:
    """How each participant answered."""
    rows = [
        (
            each.participant,
            str(each.pairs),
            f"{each.wrong_traps} of {each.traps}" if each.traps else NONE,
            f"{each.changed} of {each.repeats}" if each.repeats else NONE,
            NONE if each.seconds is None else f"{each.seconds:.1f}",
            percent(each.left / (each.left + each.right)) if each.left + each.right else NONE,
            percent(each.ties / (each.left + each.right + each.ties)) if each.left + each.right + each.ties else NONE,
            percent(each.with_others[0] / each.with_others[1]) if each.with_others[1] else NONE,
            each.left_out or "counts",
        )
        for each in result.conduct
    ]
    heads = (
        *("participant", "pairs", "traps wrong", "repeats changed", "s per pair", "left side", "ties", "as most"),
        "counts?",
    )
    return TextTable("Participants", heads, tuple(rows), (0, 8))


def metrics_table(metrics: Sequence[MetricAgreement]) -> TextTable:
    """The metrics of one question, the best first."""
    with_protocol = any(each.protocol for each in metrics)
    rows = [
        (
            f"{each.metric} {'↑' if each.direction == 'higher' else '↓'}",
            *([each.protocol] if with_protocol else []),
            f"{each.agreed} of {each.clear} ({percent(each.agreed / each.clear)})" if each.clear else "none is clear",
            tau_text(each),
            f"{each.tau_clips} of {each.clips}" if each.tau_clips != each.clips else str(each.clips),
        )
        for each in metrics
    ]
    heads = ("metric", *(["protocol"] if with_protocol else []), "agrees on clear pairs", "tau [95\u00a0%]", "clips")
    bars = tuple(
        Bar((each.interval.low + 1) / 2, (each.interval.mean + 1) / 2, (each.interval.high + 1) / 2, 0.5)
        if each.interval
        else None
        for each in metrics
    )
    return TextTable(
        "Which metric would have told?", heads, tuple(rows), (0, 1) if with_protocol else (0,), bars if any(bars) else ()
    )


def tau_text(metric: MetricAgreement) -> str:
    """tau with its interval."""
    if metric.tau is None:
        return "votes or scores are equal"
    if metric.interval is None:
        return format_value(metric.tau, 2)
    return f"{format_value(metric.tau, 2)} [{format_value(metric.interval.low, 2)}, {format_value(metric.interval.high, 2)}]"


def _strength_bars(question: QuestionResult) -> tuple[Bar | None, ...]:
    ends = [end for method in question.methods for end in method.interval or ()]
    if not ends:
        return ()
    low, high = min(0.0, *ends), max(0.0, *ends)
    wide = high - low or 1.0

    def place(value: float) -> float:
        return (value - low) / wide

    return tuple(
        Bar(place(method.interval[0]), place(method.strength), place(method.interval[1]), place(0.0))
        if method.interval is not None and method.strength is not None
        else None
        for method in question.methods
    )
