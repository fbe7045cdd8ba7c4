"""How a method stands among all: its ranks, what to know of each method, and the clips that show it best and worst."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.comparing.comparison import Comparison, Line
from mgld_bench.comparing.state import State
from mgld_bench.statistics.ranks import Rank, rank_of


@dataclass(frozen=True)
class Standing:
    """A method's rank by one metric on one dataset."""

    dataset: str
    metric: str
    rank: Rank
    clips: int
    """On so many, which all methods have."""


@dataclass(frozen=True)
class Flag:
    """What a reader has to know of a method before using its numbers."""

    method: str
    licence: str
    """Empty where it is not known."""
    trained_on: tuple[str, ...]
    """Those of the compared datasets on which it was trained."""


@dataclass(frozen=True)
class ClipGain:
    """How a clip shows a method."""

    dataset: str
    clip: str
    gain: float
    """Mean over metrics and references of its gain, each divided by its root mean square over clips; above 0: better."""


def standings(comparison: Comparison) -> tuple[Standing, ...]:
    """The ranks of the candidate among all methods; none where not one candidate is compared with several references."""
    candidates = {contest.candidate.name for contest in comparison.contests}
    if len(candidates) > 1 or len(comparison.contests) < 2:
        return ()
    mine, others = comparison.contests[0].candidate, [contest.reference for contest in comparison.contests]
    found = []
    for line in {(line.dataset, line.metric.name): line for line in comparison.lines}.values():
        place = (line.dataset, line.metric.name)
        there = [state for state in (mine, *others) if place in state.scores]
        clips = [clip for clip in mine.scores[place] if all(clip in state.scores[place] for state in there)]
        if clips and len(there) > 1:
            scores = [[state.scores[place][clip].value for clip in clips] for state in there]
            found.append(Standing(*place, rank_of(0, scores, line.metric.direction == "higher"), len(clips)))
    return tuple(found)


def flags(comparison: Comparison) -> tuple[Flag, ...]:
    """Licence and training data of each method."""
    return tuple(_flag(state, comparison) for state in comparison.states)


def clip_gains(comparison: Comparison) -> tuple[ClipGain, ...]:
    """Every clip by how well it shows the candidates, the best first."""
    sums: dict[tuple[str, str], list[float]] = {}
    for line in comparison.lines:
        for clip, gain in _standardised(line).items():
            sums.setdefault((line.dataset, clip), []).append(gain)
    gains = [ClipGain(dataset, clip, math.fsum(values) / len(values)) for (dataset, clip), values in sums.items()]
    return tuple(sorted(gains, key=lambda each: -each.gain))


def _standardised(line: Line) -> dict[str, float]:
    """Gains by their root mean square over clips, so that metrics with different units count alike; infinite ones count as 2."""
    finite = [gain for gain in line.gains.values() if math.isfinite(gain)]
    scale = math.sqrt(math.fsum(gain * gain for gain in finite) / len(finite)) if finite else 0.0
    return {
        clip: gain / scale if math.isfinite(gain) and scale else 0.0 if math.isfinite(gain) else math.copysign(2, gain)
        for clip, gain in line.gains.items()
    }


def _flag(state: State, comparison: Comparison) -> Flag:
    if state.card is None:
        return Flag(state.name, "", ())
    trained = {title.casefold() for title in state.card.publication.trained_on}
    leaks: Sequence[str] = [
        comparison.heading(dataset)
        for dataset in comparison.datasets
        if trained & {dataset.casefold(), comparison.heading(dataset).casefold()}
    ]
    return Flag(state.name, state.card.publication.license, tuple(leaks))
