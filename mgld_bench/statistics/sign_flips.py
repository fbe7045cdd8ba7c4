"""The sign-flip test: were two methods equally good, each clip's difference could as well have had the opposite sign.

The two-sided p is the share of all sign patterns whose mean is at least as far from 0 as the one that was found. It needs no
assumption about the shape of the scores, only that under equality a difference and its negative are equally likely.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

MOST_EXACT: Final = 20
"""Up to this many differences that are not 0, every sign pattern is tried: about a million."""
DRAWS: Final = 100_000
"""Sign patterns that are drawn for more differences."""
_SEED: Final = 20240807
_ROUNDING: Final = 1e-12
"""Of the sum of absolute differences: sums that differ by less are alike, whatever the order of the additions."""


def sign_flip_p(differences: Sequence[float]) -> float:
    """The two-sided p of the mean of these differences.

    Exact for up to MOST_EXACT differences that are not 0 (a 0 has no sign to flip); beyond, from DRAWS patterns with a fixed
    seed, the observed one included, so that p is never 0.

    >>> sign_flip_p([0.3, 0.1, 0.2, 0.4])
    0.125

    Args:
        differences: one per clip, finite; none gives 1.
    """
    moved = np.asarray([value for value in differences if value != 0], dtype=np.float64)
    if not np.isfinite(moved).all():
        raise ValueError("differences must be finite; see sign_p for infinite ones")
    if moved.size == 0:
        return 1.0
    least = abs(float(moved.sum())) - _ROUNDING * float(np.abs(moved).sum())
    # Signs are flipped anyway: in this order, neither that of the clips nor which method is first changes a drawn p.
    moved = np.sort(np.abs(moved))
    if moved.size <= MOST_EXACT:
        sums = _every_sum(moved)
        return float(np.count_nonzero(np.abs(sums) >= least)) / sums.size
    sums = _drawn_signs(moved.size) @ moved
    return float(np.count_nonzero(np.abs(sums) >= least) + 1) / (DRAWS + 1)


def sign_p(wins: int, losses: int) -> float:
    """The two-sided p of so many wins and losses by the sign test (binomial), for differences that have no mean.

    >>> sign_p(5, 0)
    0.0625
    """
    # Here, because it takes a second to import, and reports do without it.
    from scipy import stats

    return float(stats.binomtest(wins, wins + losses).pvalue) if wins + losses else 1.0


def smallest_p(clips: int) -> float:
    """The smallest two-sided p that so many clips can reach, however large and alike their differences are.

    >>> smallest_p(4)
    0.125
    """
    return min(1.0, max(2.0 ** (1 - clips), 0.0 if clips <= MOST_EXACT else 1 / (DRAWS + 1)))


def fewest_clips(level: float) -> int:
    """The number of clips below which no p of the test is at most ``level``, whatever the scores.

    >>> fewest_clips(0.05)
    6
    """
    return max(1, math.ceil(1 - math.log2(level) - _ROUNDING))


def _every_sum(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The sums of all sign patterns in which the first value keeps its sign; the others are their negatives."""
    sums = values[:1]
    for value in values[1:]:
        sums = np.concatenate([sums + value, sums - value])
    return sums


@lru_cache(maxsize=2)
def _drawn_signs(count: int) -> npt.NDArray[np.float32]:
    """(DRAWS, count) signs: the same for every call with this count, so that a comparison can be repeated."""
    bits = np.random.default_rng(_SEED).integers(0, 2, (DRAWS, count), dtype=np.int8)
    return (2 * bits - 1).astype(np.float32)
