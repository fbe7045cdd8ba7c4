"""A comparison as JSON values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from mgld_bench.comparing.comparison import Comparison, Contest, Line, SetsLine
from mgld_bench.comparing.standing import Standing, clip_gains, flags, standings
from mgld_bench.comparing.verdict import Verdict
from mgld_bench.statistics.correlation import rank_correlation
from mgld_bench.statistics.intervals import Interval


def as_json(comparison: Comparison) -> dict[str, object]:
    """Everything that is known of a comparison; infinite values are still floats, for strict() to replace."""
    return {
        "command": comparison.command,
        "protocol": comparison.protocol,
        "comparisons": [_contest(contest) for contest in comparison.contests],
        "lines": [_line(line) for line in comparison.lines],
        "all_sets": [_sets_line(line) for line in comparison.together],
        "costs": {name: asdict(cost) for name, cost in comparison.costs.items()},
        "ranks": [_standing(each) for each in standings(comparison)],
        "methods": {
            flag.method: {"licence": flag.licence, "trained_on_test_set": list(flag.trained_on)} for flag in flags(comparison)
        },
        "clips": [asdict(gain) for gain in clip_gains(comparison)],
        "metric_agreement": _agreement(comparison),
        "notes": list(comparison.notes),
        "missing": list(comparison.missing),
    }


def _standing(standing: Standing) -> dict[str, object]:
    return {"dataset": standing.dataset, "metric": standing.metric, "clips": standing.clips, **asdict(standing.rank)}


def _contest(contest: Contest) -> dict[str, object]:
    return {
        "reference": contest.reference.name,
        "candidate": contest.candidate.name,
        "differs": [asdict(each) for each in contest.differing],
    }


def _line(line: Line) -> dict[str, object]:
    return {
        "dataset": line.dataset,
        "metric": line.metric.name,
        "direction": f"{line.metric.direction} is better",
        "reference": line.reference,
        "candidate": line.candidate,
        "clips": len(line.clips),
        "missing_clips": list(line.missing),
        "reference_mean": line.reference_mean,
        "candidate_mean": line.candidate_mean,
        "difference": line.paired.mean,
        "interval95": _interval(line.paired.interval),
        "bootstrap95": _interval(line.paired.bootstrap),
        "standardised_effect": line.paired.effect,
        "p": line.paired.p,
        "p_holm": line.p,
        "tests": line.tests,
        "test": line.paired.test,
        "wins": line.wins,
        "ties": line.paired.ties,
        "losses": line.losses,
        "margin": line.margin,
        "gains": line.gains,
        **_verdict(line.verdict),
    }


def _sets_line(line: SetsLine) -> dict[str, object]:
    return {
        "metric": line.metric.name,
        "reference": line.reference,
        "candidate": line.candidate,
        "sets": line.sets.sets,
        "sets_agreeing": line.sets.agreeing,
        "clips": line.sets.clips,
        "difference": line.sets.mean,
        "interval95": _interval(line.sets.interval),
        "p": line.sets.p,
        "p_holm": line.p,
        "tests": line.tests,
        **_verdict(line.verdict),
    }


def _verdict(verdict: Verdict) -> dict[str, object]:
    return {
        "verdict": verdict.word,
        "because": verdict.because,
        "detectable": verdict.detectable,
        "clips_needed": verdict.clips_needed,
        "equivalence_p": verdict.equivalence_p,
    }


def _interval(interval: Interval | None) -> list[float] | None:
    return None if interval is None else [interval.low, interval.high]


def _agreement(comparison: Comparison) -> list[Mapping[str, object]]:
    """How alike each two metrics order the clips of a dataset by the candidate's gain."""
    found: list[Mapping[str, object]] = []
    for place, first in enumerate(comparison.lines):
        for second in comparison.lines[place + 1 :]:
            same = (first.dataset, first.reference, first.candidate) == (second.dataset, second.reference, second.candidate)
            clips = [clip for clip in first.clips if clip in second.gains] if same else []
            correlation = rank_correlation([first.gains[clip] for clip in clips], [second.gains[clip] for clip in clips])
            if correlation is not None:
                names = {"candidate": first.candidate, "reference": first.reference}
                pair = {"dataset": first.dataset, "metrics": [first.metric.name, second.metric.name]}
                found.append({**pair, **names, **asdict(correlation)})
    return found
