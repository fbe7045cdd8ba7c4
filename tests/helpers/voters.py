"""Voters that do not exist, with tastes that are known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import combinations

import numpy as np

from mgld_bench.statistics.choices import Choices


def simulated_votes(
    seed: int, *, people: int, clips: int, strengths: Sequence[float], tie: float = 0.4, each: int = 40
) -> Choices:
    """Votes of the model with ties, of people who all have the same taste.

    Args:
        seed: of everything that is drawn.
        people: participants.
        clips: clips.
        strengths: of the methods, in log odds.
        tie: the odds of a tie against a decision for one of two equal methods.
        each: votes of a participant, over all pairs and clips as evenly as possible.
    """
    random = np.random.default_rng(seed)
    pairs = np.array(list(combinations(range(len(strengths)), 2)))
    cells = random.permutation(clips * len(pairs))
    participant = np.repeat(np.arange(people), each)
    cell = cells[np.arange(people * each) % len(cells)]
    clip, (first, second) = cell % clips, pairs[cell // clips].T
    one, other = np.asarray(strengths)[first], np.asarray(strengths)[second]
    middle = (one + other) / 2 + (math.log(tie) if tie else -np.inf)
    chance = np.exp(np.stack([one, middle, other], axis=1))
    chance /= chance.sum(axis=1, keepdims=True)
    answer = (chance.cumsum(axis=1) < random.random((len(cell), 1))).sum(axis=1)
    return Choices(participant, clip, first, second, 1 - answer)
