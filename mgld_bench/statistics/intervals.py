"""How well a mean over clips is known, and a mean difference of two methods: intervals by Student's t.

The clips' scores are taken as independent draws. Student's t is used rather than a bootstrap because test sets have few clips
(REDS4 has 4): resampling so few values gives intervals that are too narrow.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np

from mgld_bench.statistics.student import t_quantile

CONFIDENCE: Final = 0.95
FEWEST_CLIPS: Final = 3
"""From two clips alone the interval would be 12.7 standard errors wide, and mean nothing."""


@dataclass(frozen=True)
class Interval:
    """A mean with its 95 % interval."""

    mean: float
    low: float
    high: float
    count: int
    """The number of clips."""
    cut: bool = False
    """Whether an end was outside the range of possible values, and is the end of that range now."""

    @property
    def half_width(self) -> float:
        """Half the width of an interval that was not cut."""
        return (self.high - self.low) / 2

    def within(self, lowest: float | None, highest: float | None) -> Interval:
        """The interval, cut at the ends of the range of possible values; None: there is no such end.

        >>> Interval(0.1, -0.05, 0.25, 4).within(0, None)
        Interval(mean=0.1, low=0, high=0.25, count=4, cut=True)
        """
        low = self.low if lowest is None else max(self.low, lowest)
        high = self.high if highest is None else min(self.high, highest)
        return replace(self, low=low, high=high, cut=self.cut or (low, high) != (self.low, self.high))


def mean_interval(values: Sequence[float]) -> Interval | None:
    """The mean of the clips' values with its t interval; None for fewer than FEWEST_CLIPS values, or where one is not finite.

    >>> mean_interval([1.0, 2.0, 3.0]).mean
    2.0
    """
    if len(values) < FEWEST_CLIPS or not all(map(math.isfinite, values)):
        return None
    mean = math.fsum(values) / len(values)
    spread = float(np.std(np.asarray(values), ddof=1))
    half = t_quantile((1 + CONFIDENCE) / 2, len(values) - 1) * spread / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half, len(values))


def mean_bound(values: Sequence[float], confidence: float, upper: bool) -> float:
    """The one-sided bound of the mean by Student's t: with this confidence, the true mean is below it, or above it.

    Args:
        values: at least two, finite.
        confidence: between 0.5 and 1.
        upper: the upper bound, or else the lower one.
    """
    mean = math.fsum(values) / len(values)
    error = float(np.std(np.asarray(values), ddof=1)) / math.sqrt(len(values))
    half = t_quantile(confidence, len(values) - 1) * error
    return mean + half if upper else mean - half


@dataclass(frozen=True)
class PairedDifference:
    """How two methods differ on the clips that both have."""

    mean: float
    interval: Interval | None
    """None for too few clips."""
    count: int


def paired_difference(scores: Mapping[str, float], first: Mapping[str, float]) -> PairedDifference | None:
    """The mean over clips of ``scores`` minus ``first``, with its t interval; None where no clip has a finite value of both.

    What differs between clips cancels out, so that the interval is that of the difference, far narrower than those of the means.

    >>> paired_difference({"a": 31.0, "b": 21.5}, {"a": 30.0, "b": 20.5}).mean
    1.0
    """
    differences = [
        value - first[clip]
        for clip, value in scores.items()
        if clip in first and math.isfinite(value) and math.isfinite(first[clip])
    ]
    if not differences:
        return None
    return PairedDifference(math.fsum(differences) / len(differences), mean_interval(differences), len(differences))
