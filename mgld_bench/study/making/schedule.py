"""Who sees which pair, in which order and on which side: balanced by construction, and the same from the same seed.

A cell is a pair of methods on a clip. The P * C cells stand in a fixed cycle in which neighbours differ in both: cell k has pair
k mod P and clip (k + k div lcm(P, C)) mod C, so that P * C steps visit each once. Participant i takes the next `pairs_each` cells
after participant i - 1. So over everybody no cell and no pair is asked more than once more than another, and one participant sees
no pair more than once, and no clip more than twice, more than another, however few of the cells that is. Sides alternate from one
time that a pair is asked to the next, and from one time that a cell is asked to the next.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from mgld_bench.errors import InputError
from mgld_bench.study.card import Design
from mgld_bench.study.votes import GROUND_TRUTH, Trial

TRAP: Final = "bicubic"
"""What stands against the ground truth in a trap."""
_ATTEMPTS: Final = 200
"""Orders that are drawn before none is said to exist."""

_FAR: Final = 6
"""Trials: so far, a repeat is no longer remembered well; few trials are worth some search for it."""

ClipKey = tuple[str, str]
"""Dataset and clip."""


@dataclass(frozen=True)
class _Asked:
    """A trial without its place."""

    kind: str
    clip: ClipKey
    left: str
    right: str


@dataclass(frozen=True)
class Schedule:
    """The trials of every participant."""

    methods: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    """Of methods."""
    clips: tuple[ClipKey, ...]
    trap_clips: tuple[ClipKey, ...]
    """With ground truth."""
    design: Design

    @property
    def pairs_each(self) -> int:
        """Pairs that one participant sees, without repeats, traps and training."""
        every = len(self.pairs) * len(self.clips)
        return every if self.design.pairs_each is None else self.design.pairs_each

    def trials(self, participant: int) -> list[Trial]:
        """The trials of a participant (from 0), in order.

        Raises:
            InputError: No order keeps every clip from being seen twice in a row.
        """
        draw = np.random.default_rng([self.design.seed, 1, participant])
        asked = self._pairs(participant)
        best: list[tuple[_Asked, int | None]] | None = None
        best_score = (-1, -1)
        total = len(asked) + self.design.repeats + self.design.traps
        wanted = (max(total // 3, min(total // 2, _FAR)), total // (self.design.traps + 1))
        for _ in range(_ATTEMPTS):
            order = _arranged(asked, self._repeated(asked, draw), self._traps(participant, draw), draw)
            if order is None:
                continue
            score = _score(order, wanted)
            if score > best_score:
                best, best_score = order, score
            if score == wanted:
                break
        if best is None:
            raise InputError(self._impossible(participant, asked))
        before = self._training(asked, best[0][0].clip, draw)
        return _numbered(before, best)

    def _cell(self, index: int) -> tuple[int, int]:
        """The pair and the clip of a step of the cycle."""
        pairs, clips = len(self.pairs), len(self.clips)
        step = index % (pairs * clips)
        return step % pairs, (step + step // math.lcm(pairs, clips)) % clips

    def _pairs(self, participant: int) -> list[_Asked]:
        """What counts of a participant's trials, in no order that matters."""
        shuffle = np.random.default_rng([self.design.seed, 0])
        pairs = [self.pairs[index] for index in shuffle.permutation(len(self.pairs))]
        clips = [self.clips[index] for index in shuffle.permutation(len(self.clips))]
        start = participant * self.pairs_each
        asked = []
        for index in range(start, start + self.pairs_each):
            pair, clip = self._cell(index)
            first, second = self._sides(pairs[pair], index // len(pairs))
            asked.append(_Asked("pair", clips[clip], first, second))
        return asked

    def _sides(self, pair: tuple[str, str], time: int) -> tuple[str, str]:
        """Left and right at the so-manieth time that a pair is asked."""
        first, second = pair
        # Over all pairs of one round, a method stands on the left as often as on the right.
        exchanged = (self.methods.index(second) - self.methods.index(first)) % 2 == 0
        # Where the number of clips is even, a clip's turn with a pair always falls on the same parity.
        extra = time // len(self.clips) if len(self.clips) % 2 == 0 else 0
        return (second, first) if (time + extra) % 2 != exchanged else (first, second)

    def _repeated(self, asked: Sequence[_Asked], draw: np.random.Generator) -> list[int]:
        """Which of the pairs are asked again: of different clips, as far as there are any."""
        seen: Counter[ClipKey] = Counter()
        left = [int(index) for index in draw.permutation(len(asked))]
        chosen = []
        for _ in range(self.design.repeats):
            index = min(left, key=lambda index: seen[asked[index].clip])
            left.remove(index)
            seen[asked[index].clip] += 1
            chosen.append(index)
        return chosen

    def _traps(self, participant: int, draw: np.random.Generator) -> list[_Asked]:
        if not self.design.traps:
            return []
        clips = [self.trap_clips[index] for index in draw.permutation(len(self.trap_clips))]
        return [
            _Asked("trap", clips[number % len(clips)], *((TRAP, GROUND_TRUTH) if side else (GROUND_TRUTH, TRAP)))
            for number in range(self.design.traps)
            for side in ((number + participant) % 2,)
        ]

    def _training(self, asked: Sequence[_Asked], following: ClipKey, draw: np.random.Generator) -> list[_Asked]:
        """Pairs that the participant does not see later, as far as there are any."""
        taken = {(one.clip, frozenset((one.left, one.right))) for one in asked}
        every = [_Asked("training", clip, *pair) for clip in self.clips for pair in self.pairs]
        every = [every[index] for index in draw.permutation(len(every))]
        every.sort(key=lambda one: (one.clip, frozenset((one.left, one.right))) in taken)
        chosen: list[_Asked] = []
        for _ in range(self.design.training):
            one = next((one for one in every if one.clip != following and one not in chosen), None)
            one = one or next((one for one in every if one.clip != following), every[0])
            chosen.insert(0, one)
            following = one.clip
        return chosen

    def _impossible(self, participant: int, asked: Sequence[_Asked]) -> str:
        (_, clip), count = Counter(one.clip for one in asked).most_common(1)[0]
        return (
            f"design: participant {participant + 1} would see clip {clip} {count} times in {len(asked)} pairs, and with "
            f"{self.design.repeats} repeats and {self.design.traps} traps any order shows some clip twice in a row: use more "
            "clips, or fewer repeats and traps"
        )


def _arranged(
    asked: Sequence[_Asked], repeated: Sequence[int], traps: Sequence[_Asked], draw: np.random.Generator
) -> list[tuple[_Asked, int | None]] | None:
    """All in an order without a clip twice in a row, each with the index of what it repeats; None where there is none.

    Of the places that a clip has, what is repeated takes the first, and repeats the last.
    """
    counts = Counter(one.clip for one in (*asked, *traps, *(asked[index] for index in repeated)))
    clips = _clip_order(counts, draw)
    if clips is None:
        return None
    waiting: dict[ClipKey, list[tuple[_Asked, int | None]]] = {clip: [] for clip in counts}
    middle = [*((one, index) for index, one in enumerate(asked) if index not in repeated), *((one, None) for one in traps)]
    for number in draw.permutation(len(middle)):
        waiting[middle[number][0].clip].append((middle[number][0], None))
    places: dict[int, int] = {}
    for index in repeated:
        waiting[asked[index].clip].insert(0, (asked[index], None))
    for index in reversed(repeated):
        one = asked[index]
        waiting[one.clip].append((_Asked("repeat", one.clip, one.right, one.left), index))
    order: list[tuple[_Asked, int | None]] = []
    for clip in clips:
        one, of = waiting[clip].pop(0)
        if of is None and one.kind == "pair":
            places[asked.index(one)] = len(order)
        order.append((one, None if of is None else places[of]))
    return order


def _clip_order(counts: Mapping[ClipKey, int], draw: np.random.Generator) -> list[ClipKey] | None:
    """Every clip so often, none twice in a row, drawn by chance; None where that is impossible."""
    left = dict(counts)
    total = sum(left.values())
    if 2 * max(left.values(), default=0) > total + 1:
        return None
    order: list[ClipKey] = []
    for remaining in range(total, 0, -1):
        possible = [clip for clip, count in left.items() if count and (not order or clip != order[-1])]
        # One that has more than half of the places that remain has to come now.
        pressing = [clip for clip in possible if 2 * left[clip] > remaining]
        if pressing:
            clip = pressing[0]
        else:
            weights = np.cumsum([left[clip] for clip in possible])
            clip = possible[int(np.searchsorted(weights, draw.integers(int(weights[-1])), side="right"))]
        left[clip] -= 1
        order.append(clip)
    return order


def _score(order: Sequence[tuple[_Asked, int | None]], wanted: tuple[int, int]) -> tuple[int, int]:
    """How far repeats are from what they repeat, and traps from each other: the shortest way of each, up to what is wanted."""
    gaps = [place - of for place, (_, of) in enumerate(order) if of is not None]
    traps = [place for place, (one, _) in enumerate(order) if one.kind == "trap"]
    apart = [later - earlier for earlier, later in pairwise(traps)]
    return min([wanted[0], *gaps]), min([wanted[1], *apart])


def _numbered(before: Sequence[_Asked], order: Sequence[tuple[_Asked, int | None]]) -> list[Trial]:
    every = [*((one, None) for one in before), *((one, None if of is None else of + len(before)) for one, of in order)]
    return [
        Trial.model_validate(
            {
                "position": position,
                "kind": one.kind,
                "dataset": one.clip[0],
                "clip": one.clip[1],
                "left": one.left,
                "right": one.right,
                "repeats": of,
            }
        )
        for position, (one, of) in enumerate(every)
    ]
