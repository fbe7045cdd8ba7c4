"""One answer from several datasets: their clips together, each set with a level and a spread of its own.

Every clip counts the same, so a set weighs as much as it has clips: 30 clips are known better than 4, and the test keeps the
power of all of them. (Counting each set the same would let the smallest one decide how well the mean is known.) Signs flip within
each set, so that a difference between sets is never taken for one between methods.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mgld_bench.statistics.intervals import CONFIDENCE, FEWEST_CLIPS, Interval
from mgld_bench.statistics.sign_flips import sign_flip_p
from mgld_bench.statistics.student import t_quantile


@dataclass(frozen=True)
class SetsComparison:
    """The differences of two methods over the clips of several datasets."""

    mean: float
    """Over all clips."""
    interval: Interval | None
    """By Student's t, from the spread within each set; None for too few clips, or where a set has one clip only."""
    p: float
    """Two-sided, by sign flips within each set."""
    agreeing: int
    """The sets whose own mean has the sign of the mean over all."""
    sets: int
    clips: int


def compare_sets(differences: Mapping[str, Sequence[float]]) -> SetsComparison | None:
    """Compare two methods over several datasets.

    Args:
        differences: by dataset, one per clip. None is returned where there are no clips, or where a difference is infinite.
    """
    sets = [np.asarray(values, dtype=np.float64) for values in differences.values() if len(values)]
    every = [float(value) for values in sets for value in values]
    if not every or not all(map(math.isfinite, every)):
        return None
    mean = math.fsum(every) / len(every)
    agreeing = sum(float(values.mean()) * mean > 0 for values in sets)
    return SetsComparison(mean, _interval(sets, mean), sign_flip_p(every), agreeing, len(sets), len(every))


def _interval(sets: Sequence[np.ndarray], mean: float) -> Interval | None:
    count = sum(values.size for values in sets)
    if count < FEWEST_CLIPS or min(values.size for values in sets) < 2:
        return None
    # The variance of each set's share of the mean, and Satterthwaite's degrees of freedom of their sum.
    parts = [values.size * float(values.var(ddof=1)) / count**2 for values in sets]
    variance = math.fsum(parts)
    if variance == 0:
        return Interval(mean, mean, mean, count)
    freedom = variance**2 / math.fsum(part**2 / (values.size - 1) for part, values in zip(parts, sets, strict=True))
    half = t_quantile((1 + CONFIDENCE) / 2, freedom) * math.sqrt(variance)
    return Interval(mean, mean - half, mean + half, count)
