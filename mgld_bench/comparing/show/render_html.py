"""A comparison as one page in one file, made to be printed; its players, where it has some, are in a folder beside it."""

from __future__ import annotations

from dataclasses import dataclass

from jinja2 import Environment, PackageLoader, StrictUndefined

from mgld_bench.comparing.comparison import Comparison, Contest, Line, SetsLine
from mgld_bench.comparing.gates.check import EXPLAINED, GateResult
from mgld_bench.comparing.players.played import Players
from mgld_bench.comparing.show import words
from mgld_bench.comparing.standing import ClipGain, best_and_worst, flags, standings
from mgld_bench.statistics.intervals import Interval

_WIDTH = 150.0
"""Of the drawing of an interval, in its own units."""


@dataclass(frozen=True)
class Drawing:
    """An interval on a line, with 0 on it; in units of the drawing, ``_WIDTH`` wide."""

    zero: float
    mean: float
    low: float
    high: float


def render_html(comparison: Comparison, gate: GateResult | None = None, players: Players | None = None) -> str:
    """The page.

    Every name is escaped.

    Args:
        comparison: what to show.
        gate: what the rules of a gate saw; stands first.
        players: those whose files are beside the page; default: none.
    """
    environment = Environment(
        loader=PackageLoader("mgld_bench.comparing.show", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    best, worst = best_and_worst(comparison)
    return environment.get_template("comparison.html.j2").render(
        comparison=comparison,
        words=words,
        gate=gate,
        players=players or Players(),
        explained=EXPLAINED,
        several=len(comparison.contests) > 1,
        lines_of=lambda contest: [line for line in comparison.lines if _of(line, contest)],
        sets_of=lambda contest: [line for line in comparison.together if _of(line, contest)],
        drawing=_drawing,
        datasets=list(dict.fromkeys(name for contest in comparison.contests for name in words.summary(comparison, contest))),
        standings=standings(comparison),
        flags=flags(comparison),
        best=best,
        worst=worst,
        shown=lambda gain: gains_text(comparison, gain),
        width=_WIDTH,
    )


def _of(line: Line | SetsLine, contest: Contest) -> bool:
    return (line.reference, line.candidate) == (contest.reference.name, contest.candidate.name)


def _drawing(mean: float, interval: Interval | None) -> Drawing | None:
    if interval is None:
        return None
    low, high = min(0.0, interval.low), max(0.0, interval.high)
    if low == high:
        return None
    room = 6.0

    def place(value: float) -> float:
        return round(room + (value - low) / (high - low) * (_WIDTH - 2 * room), 1)

    return Drawing(place(0.0), place(mean), place(interval.low), place(interval.high))


def gains_text(comparison: Comparison, gain: ClipGain) -> str:
    """What a clip's metrics show, metric by metric, averaged over the contests."""
    by_metric: dict[str, list[float]] = {}
    digits = {}
    for line in comparison.lines:
        if line.dataset == gain.dataset and gain.clip in line.gains:
            sign = 1 if line.metric.direction == "higher" else -1
            by_metric.setdefault(line.metric.title, []).append(sign * line.gains[gain.clip])
            digits[line.metric.title] = line.metric.digits
    return ", ".join(
        f"{title} {words.difference_text(sum(values) / len(values), None, digits[title])}" for title, values in by_metric.items()
    )
