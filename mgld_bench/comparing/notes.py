"""What stands beside the numbers of a comparison: what these clips cannot decide, what was not checked, and what is missing."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from mgld_bench.comparing.comparison import Contest, Line
from mgld_bench.errors import InputError, did_you_mean, first_of


def notes(contests: Sequence[Contest], lines: Sequence[Line], headings: Mapping[str, str]) -> list[str]:
    """What a reader should know of the comparison, one line each."""
    found = []
    for dataset in dict.fromkeys(line.dataset for line in lines):
        most = max(len(line.clips) for line in lines if line.dataset == dataset)
        if most < 6:
            what = f"{headings.get(dataset, dataset)} alone" if dataset else "these clips alone"
            found.append(
                f"{what} cannot decide which is better: with {most} {'clip' if most == 1 else 'clips'} no two-sided p is below "
                f"{2.0 ** (1 - most):.3g}, however large the difference; add clips or a further dataset"
            )
    for contest in contests:
        found += [*contest.reference.notes, *contest.candidate.notes]
        found += [f"{contest.reference.name} and {contest.candidate.name}: {text}" for text in contest.ground.unchecked]
        found += [f"not compared: {text}" for text in contest.ground.unmatched]
    infinite = [line for line in lines if any(map(math.isinf, (line.reference_mean, line.candidate_mean)))]
    found += [
        f"{line.metric.name}{f' of {line.dataset}' if line.dataset else ''}: infinite scores ({line.metric.infinite}): clips "
        "where both are infinite are ties; where one is, there is no mean difference and the sign test decides"
        for line in infinite
    ]
    return found


def missing(contests: Sequence[Contest], lines: Sequence[Line], datasets: Sequence[str], metrics: Sequence[str]) -> list[str]:
    """What was asked for and has no result, one line each."""
    found = [
        f"{line.metric.name}{f' of {line.dataset}' if line.dataset else ''}: {len(line.clips)} of "
        f"{len(line.clips) + len(line.missing)} clips have both scores; missing: {first_of(line.missing)}"
        for line in lines
        if line.missing
    ]
    for contest in contests:
        pair = f"{contest.candidate.name} against {contest.reference.name}"
        there = {(ground.dataset, ground.metric) for ground in contest.ground.lines}
        for dataset in datasets:
            if dataset not in {name for name, _ in there}:
                found.append(f"{pair}: nothing of {dataset}{_hint(dataset, contest.reference.datasets)}")
        known = list(dict.fromkeys(metric for _, metric in contest.reference.scores))
        for metric in metrics:
            if metric not in {name for _, name in there}:
                found.append(f"{pair}: nothing by {metric}{_hint(metric, known)}")
    return found


def _hint(name: str, known: Sequence[str]) -> str:
    if name in known:
        return ""
    try:
        return f" ({did_you_mean(name, known, f'there are {first_of(list(known))}')})"
    except InputError:
        return ""
