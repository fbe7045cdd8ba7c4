"""Are two methods equally good within a margin? Two one-sided t tests (TOST; Schuirmann 1987) on the differences by clip."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mgld_bench.statistics.student import t_below


def equivalence_p(differences: Sequence[float], margin: float) -> float | None:
    """The p of "the mean difference is outside ±margin": at most 0.05 shows that it is inside.

    None for fewer than two differences, or where one is not finite. Differences that are all alike are known exactly: p
    is 0 inside the margin, 1 outside.

    Args:
        differences: one per clip.
        margin: more than 0, in the metric's own unit.
    """
    return _one_sided(differences, -margin, margin)


def no_worse_p(differences: Sequence[float], margin: float) -> float | None:
    """The p of "the mean difference is below -margin": at most 0.05 shows that the second is no worse (higher is better)."""
    return _one_sided(differences, -margin, math.inf)


def _one_sided(differences: Sequence[float], low: float, high: float) -> float | None:
    """The larger p of two one-sided t tests: the mean is at most ``low``; it is at least ``high``."""
    count = len(differences)
    if count < 2 or not all(map(math.isfinite, differences)):
        return None
    mean = math.fsum(differences) / count
    error = math.sqrt(math.fsum((value - mean) ** 2 for value in differences) / (count - 1) / count)
    if error == 0:
        return 0.0 if low < mean < high else 1.0
    return max(
        t_below(-(mean - low) / error, count - 1),
        t_below((mean - high) / error, count - 1),
    )
