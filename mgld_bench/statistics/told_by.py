"""Would a score have foretold the votes? Kendall's tau over the pairs of methods that were compared on one clip."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mgld_bench.statistics.choices import Numbers


def pairwise_tau(preferences: Numbers | Sequence[float], gains: Numbers | Sequence[float]) -> float | None:
    """How far the signs of two differences agree over pairs: 1 always, -1 never, 0 as often as not.

    (agreeing - opposite) / sqrt(pairs with a preference * pairs with a gain): Kendall's tau-b, where every pair was compared and
    preferences contradict no order. None where all preferences, or all gains, are 0.

    >>> pairwise_tau([0.5, 0.2, -0.1], [3.0, 1.0, 2.0])
    0.3333333333333333

    Args:
        preferences: by pair, above 0 where the first method was preferred.
        gains: by pair, above 0 where the first method's score is the better one.
    """
    signs = [(_sign(preference), _sign(gain)) for preference, gain in zip(preferences, gains, strict=True)]
    preferred, gained = (sum(each[side] != 0 for each in signs) for side in (0, 1))
    if not preferred or not gained:
        return None
    return sum(one * other for one, other in signs) / math.sqrt(preferred * gained)


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)
