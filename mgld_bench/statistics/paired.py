"""Two methods on the same clips: everything that their differences, clip by clip, can and cannot show.

The clip is the unit: frames of a clip are one cluster, and are never resampled. Rules for what has no plain difference:

- Both scores infinite (identical to the ground truth, both times): the difference is 0, a tie.
- One of them infinite: the mean difference is infinite. It has no interval; p is that of the sign test on wins and losses.
- NaN: an error. A clip that one side lacks: the caller's to name; it is never counted as 0.
- Identical scores on every clip: a difference of 0, an interval of width 0, p = 1.
- One or two clips: the mean, and no interval (statistics.intervals.FEWEST_CLIPS).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.statistics.bootstrap import bootstrap_interval
from mgld_bench.statistics.intervals import Interval, mean_interval
from mgld_bench.statistics.sign_flips import sign_flip_p, sign_p


@dataclass(frozen=True)
class PairedComparison:
    """The differences "second minus first" over clips."""

    differences: tuple[float, ...]
    """One per clip; may be infinite."""
    mean: float
    interval: Interval | None
    """By Student's t; None for too few clips and for infinite differences."""
    bootstrap: Interval | None
    """BCa over clips, from bootstrap.FEWEST_CLIPS clips on."""
    p: float
    """Two-sided."""
    test: str
    """sign-flip or sign."""
    deviation: float | None
    """Standard deviation of the differences; None for one clip and for infinite differences."""
    higher: int
    """Clips on which the second scores higher; likewise ``ties`` and ``lower``."""
    ties: int
    lower: int

    @property
    def clips(self) -> int:
        """Their number."""
        return len(self.differences)

    @property
    def effect(self) -> float | None:
        """The mean in standard deviations of the differences; None where these do not vary, or have no deviation."""
        return self.mean / self.deviation if self.deviation else None


def differences(first: Sequence[float], second: Sequence[float]) -> tuple[float, ...]:
    """Second minus first, clip by clip; 0 where both are the same infinity.

    >>> differences([30.0, float("inf")], [31.5, float("inf")])
    (1.5, 0.0)
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} scores: differences need pairs")
    if any(map(math.isnan, (*first, *second))):
        raise ValueError("a score is NaN")
    return tuple(0.0 if a == b else b - a for a, b in zip(first, second, strict=True))


def compare_pairs(first: Sequence[float], second: Sequence[float]) -> PairedComparison:
    """Compare two methods by their scores of the same clips, in the same order.

    Args:
        first: at least one score.
        second: as many.
    """
    found = differences(first, second)
    if not found:
        raise ValueError("no clips to compare")
    higher, lower = sum(value > 0 for value in found), sum(value < 0 for value in found)
    finite = all(map(math.isfinite, found))
    mean, p = mean_and_p(found)
    return PairedComparison(
        differences=found,
        mean=mean,
        interval=mean_interval(found),
        bootstrap=bootstrap_interval(found),
        p=p,
        test="sign-flip" if finite else "sign",
        deviation=_deviation(found, mean) if finite and len(found) > 1 else None,
        higher=higher,
        ties=len(found) - higher - lower,
        lower=lower,
    )


def mean_and_p(found: Sequence[float]) -> tuple[float, float]:
    """The mean of differences and its two-sided p, by the rules above."""
    if all(map(math.isfinite, found)):
        return math.fsum(found) / len(found), sign_flip_p(found)
    # Infinities of both signs have no mean at all.
    mean = sum(value for value in found if math.isinf(value))
    return mean, sign_p(sum(value > 0 for value in found), sum(value < 0 for value in found))


def _deviation(values: Sequence[float], mean: float) -> float:
    return math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (len(values) - 1))
