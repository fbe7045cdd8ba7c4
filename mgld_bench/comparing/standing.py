"""How a method stands among all: its ranks, what to know of each method, and the clips that show it best and worst."""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mgld_bench.comparing.comparison import SHOWN_CLIPS, Comparison
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
        for clip, gain in _standardised(line.gains).items():
            sums.setdefault((line.dataset, clip), []).append(gain)
    gains = [ClipGain(dataset, clip, math.fsum(values) / len(values)) for (dataset, clip), values in sums.items()]
    return tuple(sorted(gains, key=lambda each: -each.gain))


def best_and_worst(comparison: Comparison) -> tuple[tuple[ClipGain, ...], tuple[ClipGain, ...]]:
    """The clips that show the candidates best, and those that show them worst, the worst first; no clip is in both.

    A comparison on a single clip has that as its worst.
    """
    gains = clip_gains(comparison)
    if len(gains) == 1:
        return (), gains
    count = min(SHOWN_CLIPS, len(gains) // 2)
    return gains[:count], tuple(reversed(gains[len(gains) - count :]))


def frame_gains(comparison: Comparison, dataset: str, clip: str) -> dict[int, float]:
    """By frame of a clip, the same mean of gains, each divided by its root mean square over the clip's frames.

    Empty where no metric has scores of single frames of both sides.
    """
    states = {state.name: state for state in comparison.states}
    sums: dict[int, list[float]] = {}
    for line in comparison.lines:
        if line.dataset == dataset and clip in line.clips:
            place = (dataset, line.metric.name)
            ours, theirs = (states[name].scores[place][clip].per_frame or {} for name in (line.reference, line.candidate))
            sign = 1.0 if line.metric.direction == "higher" else -1.0
            gains = {frame: _gain(sign, ours[frame], theirs[frame]) for frame in ours if frame in theirs}
            for frame, gain in _standardised(gains).items():
                sums.setdefault(frame, []).append(gain)
    return {frame: math.fsum(values) / len(values) for frame, values in sorted(sums.items())}


def _gain(sign: float, ours: float, theirs: float) -> float:
    """By how much the second is better; two infinite scores are a tie."""
    return 0.0 if ours == theirs else sign * (theirs - ours)


Place = TypeVar("Place", bound=Hashable)


def _standardised(gains: Mapping[Place, float]) -> dict[Place, float]:
    """Gains by their root mean square, so that metrics with different units count alike; infinite ones count as 2."""
    finite = [gain for gain in gains.values() if math.isfinite(gain)]
    scale = math.sqrt(math.fsum(gain * gain for gain in finite) / len(finite)) if finite else 0.0
    return {
        place: gain / scale if math.isfinite(gain) and scale else 0.0 if math.isfinite(gain) else math.copysign(2, gain)
        for place, gain in gains.items()
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
