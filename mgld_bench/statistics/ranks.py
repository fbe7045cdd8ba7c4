"""A method's rank among others, with the ranks that its clips cannot exclude."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.statistics.intervals import CONFIDENCE
from mgld_bench.statistics.paired import differences, mean_and_p
from mgld_bench.statistics.several_tests import holm


@dataclass(frozen=True)
class Rank:
    """Place 1 is the best; methods with equal means share a place."""

    place: int
    best: int
    """1 and the methods that are shown to be better."""
    worst: int
    """The number of methods, less those that are shown to be worse."""
    of: int


def rank_of(method: int, scores: Sequence[Sequence[float]], higher_is_better: bool) -> Rank:
    """The rank of one method with its 95 % interval.

    The interval comes from its paired tests with every other method, corrected for their number (Holm): with 95 % confidence, the
    rank by true means is inside. No resampling, so it holds for few clips as well.

    Args:
        method: its index in ``scores``.
        scores: by method, the scores of the same clips in the same order.
        higher_is_better: whether a higher score is the better one.
    """
    sign = 1.0 if higher_is_better else -1.0
    others = [values for index, values in enumerate(scores) if index != method]
    found = [differences(scores[method], values) for values in others]
    means, ps = zip(*map(mean_and_p, found), strict=True) if found else ((), ())
    shown = [p <= 1 - CONFIDENCE for p in holm(ps)]
    advantage = [sign * (_majority(each) if math.isinf(mean) else mean) for each, mean in zip(found, means, strict=True)]
    return Rank(
        place=1 + sum(value > 0 for value in advantage),
        best=1 + sum(sure and value > 0 for sure, value in zip(shown, advantage, strict=True)),
        worst=len(scores) - sum(sure and value < 0 for sure, value in zip(shown, advantage, strict=True)),
        of=len(scores),
    )


def _majority(found: Sequence[float]) -> float:
    """1 or -1, as most of these differences are above or below 0."""
    return math.copysign(1, sum(value > 0 for value in found) - sum(value < 0 for value in found))
