"""How the parts of a comparison are printed, the same on a terminal, in Markdown and on the page."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass
from statistics import median
from typing import Final

from mgld_bench.comparing.comparison import Comparison, Contest, Line, SetsLine
from mgld_bench.comparing.hardware import Hardware, distinct_hardware
from mgld_bench.comparing.standing import flags
from mgld_bench.comparing.verdict import Word
from mgld_bench.errors import first_of
from mgld_bench.report.tables.numbers import format_difference, format_value
from mgld_bench.statistics.intervals import Interval
from mgld_bench.statistics.ranks import Rank

MARKS: Final[Mapping[Word, str]] = {"better": "▲", "worse": "▼", "equivalent": "≈", "cannot tell": "?"}
ALL_SETS: Final = "all sets together"
HOW_TESTED: Final = (
    "Differences are taken clip by clip (candidate minus reference); the interval is 95 %, by Student's t over clips, not "
    "corrected for the number of tests; p is that of the two-sided sign-flip test over clips, corrected (Holm) over all methods "
    "and datasets of a metric. Better or worse: p at most 0.05, and an interval without 0. Equivalent: within the stated margin "
    "(two one-sided t tests at 0.05), or identical scores. What these clips could show: the difference that 4 of 5 such test "
    "sets would find. Frames are never resampled."
)


def title(comparison: Comparison) -> str:
    """What is compared with what."""
    names = list(dict.fromkeys(contest.candidate.name for contest in comparison.contests))
    references = list(dict.fromkeys(contest.reference.name for contest in comparison.contests))
    if comparison.against_all:
        return f"{names[0]} against {len(references)} {'method' if len(references) == 1 else 'methods'}"
    if len(references) > 1:
        return f"{len(comparison.contests)} methods in two states"
    return f"{first_of(names)} against {references[0]}"


def contest_name(comparison: Comparison, contest: Contest) -> str:
    """A contest among several: by what sets it apart from the others."""
    references = {each.reference.name for each in comparison.contests}
    candidates = {each.candidate.name for each in comparison.contests}
    if len(candidates) == 1 and len(references) > 1:
        return f"against {contest.reference.name}"
    return contest.candidate.name if len(references) == 1 else f"{contest.candidate.name} against {contest.reference.name}"


def summary(comparison: Comparison, contest: Contest) -> dict[str, str]:
    """By dataset, and for all sets together where there are several, what the metrics say."""
    lines = [line for line in comparison.lines if _of(line, contest)]
    found = {
        comparison.heading(dataset): _said([line for line in lines if line.dataset == dataset])
        for dataset in dict.fromkeys(line.dataset for line in lines)
    }
    together = [line for line in comparison.together if _of(line, contest)]
    return {**found, **({ALL_SETS: _said(together)} if together else {})}


def matrix(comparison: Comparison, dataset: str) -> tuple[list[Line], list[tuple[str, list[Line | None]]]]:
    """A line of each metric of a dataset, and for each contest its lines in that order; None where there is none."""
    lines = {(line.reference, line.candidate, line.metric.name): line for line in comparison.lines if line.dataset == dataset}
    metrics = list({line.metric.name: line for line in lines.values()}.values())
    rows = [
        (
            contest_name(comparison, contest),
            [lines.get((contest.reference.name, contest.candidate.name, line.metric.name)) for line in metrics],
        )
        for contest in comparison.contests
    ]
    return metrics, rows


def matrix_of_sets(comparison: Comparison) -> tuple[list[SetsLine], list[tuple[str, list[SetsLine | None]]]]:
    """The same over all datasets together."""
    lines = {(line.reference, line.candidate, line.metric.name): line for line in comparison.together}
    metrics = list({line.metric.name: line for line in lines.values()}.values())
    rows = [
        (
            contest_name(comparison, contest),
            [lines.get((contest.reference.name, contest.candidate.name, line.metric.name)) for line in metrics],
        )
        for contest in comparison.contests
    ]
    return metrics, [(name, found) for name, found in rows if any(found)]


def difference_text(mean: float, interval: Interval | None, digits: int) -> str:
    """A difference with its interval; a difference that its digits would show as 0 gets more of them.

    >>> difference_text(0.217, Interval(0.217, 0.1, 0.334, 4), 2)
    '+0.22 [+0.10, +0.33]'
    >>> difference_text(-0.00042, None, 2)
    '-0.00042'
    """
    if math.isnan(mean):
        return "no mean"
    shown = not mean or math.isinf(mean) or round(mean, digits)
    text = format_difference(mean, digits) if shown else f"{mean:+.2g}"
    if interval is None:
        return text
    return f"{text} [{format_difference(interval.low, digits)}, {format_difference(interval.high, digits)}]"


def mean_text(value: float, line: Line) -> str:
    """A mean over clips."""
    return format_value(value, line.metric.digits)


def p_text(p: float) -> str:
    """A p for a table.

    >>> [p_text(value) for value in (0.00001, 0.0312, 1.0)]
    ['<0.0001', '0.0312', '1']
    """
    return "<0.0001" if p < 1e-4 else f"{p:.3g}"


def wins_text(line: Line) -> str:
    """Better, tied and worse clips."""
    return f"{line.wins} / {line.paired.ties} / {line.losses}"


def clips_text(line: Line) -> str:
    """How many clips were compared, of how many."""
    return f"{len(line.clips)}" if not line.missing else f"{len(line.clips)} of {len(line.clips) + len(line.missing)}"


def ends(line: Line, count: int) -> tuple[Sequence[tuple[str, float]], Sequence[tuple[str, float]]]:
    """The clips with the largest gain, and those with the smallest (the smallest first); no clip is in both."""
    gains = list(line.gains.items())
    best = gains[: min(count, (len(gains) + 1) // 2)]
    return best, list(reversed(gains[len(best) :]))[:count]


def clip_text(line: Line, clip: str, gain: float) -> str:
    """A clip with its difference, signed as the metric is."""
    return f"{clip} ({difference_text(gain if line.metric.direction == 'higher' else -gain, None, line.metric.digits)})"


def reasons(comparison: Comparison, contest: Contest) -> list[str]:
    """Why each verdict is what it is; metrics for which it is the same are named together."""
    by_reason: dict[tuple[str, str], list[str]] = {}
    for line in comparison.lines:
        if _of(line, contest):
            key = (comparison.heading(line.dataset), f"{line.verdict.word}: {line.verdict.because}")
            by_reason.setdefault(key, []).append(line.metric.name)
    return [f"{dataset}, {', '.join(metrics)}: {reason}" for (dataset, reason), metrics in by_reason.items()]


def rank_text(rank: Rank) -> str:
    """A rank with its interval.

    >>> rank_text(Rank(2, 1, 3, 9))
    '2 (1 to 3)'
    """
    return f"{rank.place} ({rank.best} to {rank.worst})"


def arrow(line: Line | SetsLine) -> str:
    """Which way is better."""
    return "↑" if line.metric.direction == "higher" else "↓"


@dataclass(frozen=True)
class CostRow:
    """A line of the table of costs; what is not known is "–"."""

    method: str
    of: str
    """Of what: 4 clips; a profile of 480x270, 10 frames."""
    seconds: str
    memory: str
    gpu_memory: str
    parameters: str
    hardware: str
    """Where; "" where all lines are of the same, which cost_note() names."""


def cost_rows(comparison: Comparison) -> list[CostRow]:
    """For each method what its restored clips cost, and a measurement of it, where there is one."""
    rows, same = [], len(_all_hardware(comparison)) < 2
    for name, cost in comparison.costs.items():
        profile, parameters = cost.profile, cost.parameters or "–"
        if cost.clips or profile is None:
            of = f"{cost.clips} clip{'' if cost.clips == 1 else 's'}" if cost.clips else "–"
            hardware = " and ".join(kind.text for kind in cost.hardware) or "–"
            seconds = "–" if cost.seconds_per_frame is None else _seconds(cost.seconds_per_frame)
            memory = memory_text(cost.memory), memory_text(cost.gpu_memory)
            rows.append(CostRow(name, of, seconds, *memory, parameters, "" if same else hardware))
        if profile is not None:
            memory = memory_text(profile.memory), memory_text(profile.gpu_memory)
            hardware = "" if same else profile.hardware.text
            seconds = _seconds(median(profile.seconds))
            rows.append(CostRow(name, f"profile of {profile.input}", seconds, *memory, parameters, hardware))
    return rows


def cost_table(comparison: Comparison) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Heads and lines of the table of costs; without the last column where all was measured on the same hardware."""
    rows = cost_rows(comparison)
    heads = ("method", "measured", "s/frame", "memory", "GPU memory", "parameters", "on")
    count = len(heads) if any(row.hardware for row in rows) else len(heads) - 1
    return heads[:count], [astuple(row)[:count] for row in rows]


def _all_hardware(comparison: Comparison) -> tuple[Hardware, ...]:
    costs = comparison.costs.values()
    profiled = [cost.profile.hardware for cost in costs if cost.profile]
    return distinct_hardware([*(kind for cost in costs for kind in cost.hardware), *profiled])


def _seconds(value: float) -> str:
    return f"{value:.3g}"


def memory_text(count: int | None) -> str:
    """Bytes as GB."""
    return "–" if count is None else f"{count / 1e9:.2f} GB"


def cost_note(comparison: Comparison) -> str:
    """What may not be compared in the table of costs; "" where all of it may."""
    clips = distinct_hardware(kind for cost in comparison.costs.values() for kind in cost.hardware)
    profiles = {profile.input: profile for cost in comparison.costs.values() if (profile := cost.profile)}
    on = distinct_hardware(cost.profile.hardware for cost in comparison.costs.values() if cost.profile)
    every = _all_hardware(comparison)
    notes = [f"Measured on {every[0].text}."] if len(every) == 1 else []
    if len(clips) > 1:
        listed = first_of(sorted(kind.text for kind in clips), 3, "; ")
        notes.append(f"The clips were restored on different machines or devices ({listed}): their costs cannot be compared.")
    if len(profiles) > 1 or len(on) > 1:
        notes.append("The profiles are of different inputs or hardware: they cannot be compared.")
    if clips and profiles:
        notes.append("A clip and a profile are not the same work: clips are compared with clips, profiles with profiles.")
    return " ".join(notes)


def trained_on_test_sets(comparison: Comparison) -> list[str]:
    """Which methods have seen what they are tested on."""
    return [
        f"{flag.method} was trained on {', '.join(flag.trained_on)}: its scores there are no evidence"
        for flag in flags(comparison)
        if flag.trained_on
    ]


def _of(line: Line | SetsLine, contest: Contest) -> bool:
    return (line.reference, line.candidate) == (contest.reference.name, contest.candidate.name)


def _said(lines: Sequence[Line] | Sequence[SetsLine]) -> str:
    by_word: dict[Word, list[str]] = {}
    for line in lines:
        by_word.setdefault(line.verdict.word, []).append(line.metric.title)
    words: tuple[Word, ...] = ("better", "worse", "equivalent", "cannot tell")
    return "; ".join(f"{word} by {', '.join(by_word[word])}" for word in words if word in by_word)
