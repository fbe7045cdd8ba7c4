"""How much the nights of one training differ by chance: what a loss has to exceed before it is one.

All clips of a checkpoint move together to some degree, which a test over clips cannot see; it shows from night to night. Weights
as training leaves them move more than their moving average does: see docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

import numpy as np

from mgld_bench.engine.store import Store
from mgld_bench.nightly.history import Night
from mgld_bench.nightly.scores import scores_of
from mgld_bench.statistics.paired import differences

FEWEST_NIGHTS: Final = 4
"""Accepted nights that are needed."""
LATEST: Final = 20
"""Nights that are looked at."""
TIMES: Final = 3.0
"""Deviations that a loss has to exceed."""
MOST: Final = 10.0
"""Times what is tolerated: a larger loss is never excused."""
_DEVIATION: Final = 1.4826
"""Standard deviations in a median absolute deviation, for normal differences."""


def night_noise(store: Store, series: Sequence[Night]) -> dict[tuple[str, str], float]:
    """The standard deviation of the difference of two nights, by dataset and metric, from the accepted ones.

    Of differences between neighbours it takes the median absolute deviation: neither a step nor a drift makes it larger.
    Rejected nights do not count, so that damaged checkpoints never excuse further ones. Nothing where too few are known.
    """
    accepted = [night for night in series if night.kind == "quality" and night.verdict == "accepted"][-LATEST:]
    if len(accepted) < FEWEST_NIGHTS:
        return {}
    scores = list(scores_of(store, accepted).values())
    changes: dict[tuple[str, str], list[float]] = {}
    for before, after in pairwise(scores):
        for place, ours in after.items():
            theirs = before.get(place, {})
            if theirs.keys() == ours.keys():
                found = differences([theirs[clip] for clip in ours], list(ours.values()))
                if all(map(math.isfinite, found)):
                    changes.setdefault(place, []).append(math.fsum(found) / len(found))
    return {place: deviation(values) for place, values in changes.items() if len(values) >= FEWEST_NIGHTS - 1}


def deviation(changes: Sequence[float]) -> float:
    """The standard deviation of changes from night to night, of which few may be steps."""
    values = np.asarray(changes)
    return float(_DEVIATION * np.median(np.abs(values - np.median(values))))


def excused(loss: float, tolerated: float, noise: float) -> bool:
    """Whether chance explains a mean loss; never one of more than MOST times what is ``tolerated``."""
    return loss <= min(TIMES * noise, MOST * tolerated)
