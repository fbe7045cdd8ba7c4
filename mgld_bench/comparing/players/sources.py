"""Which clips of a comparison are played, of which methods, and the frames of these: found, or missing with a reason."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mgld_bench.clips.clip import Clip
from mgld_bench.comparing.comparison import Comparison
from mgld_bench.comparing.frames import FoundClip, FoundPair
from mgld_bench.comparing.standing import best_and_worst
from mgld_bench.comparing.state import State
from mgld_bench.errors import InputError, first_of

MOST_METHODS: Final = 9
"""Beside each other: more than that nobody compares by eye, and each has to be encoded."""


@dataclass(frozen=True)
class Source:
    """The frames of one clip."""

    dataset: str
    clip: str
    low_resolution: FoundClip | None
    ground_truth: FoundClip | None
    restored: Mapping[str, FoundClip]
    """By the name of the method; not empty."""

    @property
    def digests(self) -> dict[str, str]:
        """By method, where they are recorded."""
        return {name: found.content for name, found in self.restored.items()}


def find_sources(comparison: Comparison) -> tuple[tuple[Source, ...], tuple[str, ...]]:
    """The clips that show the candidates best and worst, with the frames that are there; and what is missing, in words."""
    methods, notes = _methods(comparison)
    reasons: dict[tuple[str, str], list[str]] = {}
    sources = []
    best, worst = best_and_worst(comparison)
    for gain in (*worst, *best):
        restored = {}
        for state in methods:
            try:
                restored[state.name] = state.frames.restored(gain.dataset, gain.clip)
            except InputError as error:
                place = f"{comparison.heading(gain.dataset)} {gain.clip}"
                reasons.setdefault((state.name, str(error)), []).append(place)
        pair = _pair(methods, gain.dataset, gain.clip)
        if restored and _fit({name: found.clip for name, found in restored.items()}):
            sources.append(Source(gain.dataset, gain.clip, pair.low_resolution, pair.ground_truth, restored))
        elif restored:
            notes += [f"{comparison.heading(gain.dataset)} {gain.clip} is not shown: the methods' frames differ in size"]
    notes += [f"{name} is not shown on {first_of(clips)}: {reason}" for (name, reason), clips in reasons.items()]
    return tuple(sources), tuple(notes)


def _methods(comparison: Comparison) -> tuple[Sequence[State], list[str]]:
    """Those beside each other: all, or the candidate and the baselines that it is least ahead of."""
    states = comparison.states
    if len(states) <= MOST_METHODS:
        return states, []
    first = comparison.contests[0].candidate if comparison.against_all else comparison.contests[0].reference
    places = _places(comparison)
    others = sorted((state for state in states if state is not first), key=lambda state: places[state.name])
    chosen = {first.name, *(state.name for state in others[: MOST_METHODS - 1])}
    left = [state.name for state in states if state.name not in chosen]
    why = f"the players show {MOST_METHODS} methods, {first.name} and those that do best beside it; without {first_of(left)}"
    return [state for state in states if state.name in chosen], [why]


def _places(comparison: Comparison) -> dict[str, float]:
    """By method, its mean place among all by the datasets and metrics that it has."""
    found: dict[str, list[int]] = {}
    for dataset, metric in {(line.dataset, line.metric.name): line for line in comparison.lines}:
        means: dict[str, float] = {}
        for line in comparison.lines:
            if (line.dataset, line.metric.name) == (dataset, metric):
                sign = -1 if line.metric.direction == "higher" else 1
                means |= {line.reference: sign * line.reference_mean, line.candidate: sign * line.candidate_mean}
        for place, name in enumerate(sorted(means, key=lambda name: means[name])):
            found.setdefault(name, []).append(place)
    return {name: sum(places) / len(places) for name, places in found.items()}


def _pair(methods: Sequence[State], dataset: str, clip: str) -> FoundPair:
    """LR and ground truth, from whichever side has them: both sides had the same."""
    low = truth = None
    for state in methods:
        try:
            pair = state.frames.pair(dataset, clip)
        except InputError:
            # A damaged side file: the comparison does not depend on it.
            continue
        low, truth = low or pair.low_resolution, truth or pair.ground_truth
    return FoundPair(low, truth)


def _fit(clips: Mapping[str, Clip]) -> bool:
    return len({(clip.height, clip.width) for clip in clips.values()}) == 1
