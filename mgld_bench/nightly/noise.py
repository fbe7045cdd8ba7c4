"""How much the nights of one training differ by chance: what a loss has to exceed before it is one.

All clips of a checkpoint move together to some degree, which a test over clips cannot see; it shows from night to night. Weights
as training leaves them move more than their moving average does: see docs/statistics.md.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np

from mgld_bench.engine.store import Store
from mgld_bench.nightly.history import Night
from mgld_bench.nightly.scores import scores_of
from mgld_bench.statistics.paired import differences

FEWEST_NIGHTS: Final = 4
"""Accepted nights that are needed to excuse a loss."""
SURE_NIGHTS: Final = 6
"""Those that are needed to be sure of one without any test over clips."""
LATEST: Final = 20
"""Nights that are looked at."""
TIMES: Final = 3.0
"""Deviations that a loss has to exceed."""
SURE: Final = 6.0
"""Deviations of which no chance is left."""
MOST: Final = 10.0
"""Times what is tolerated: a larger loss is never excused."""
_DEVIATION: Final = 1.4826
"""Standard deviations in a median absolute deviation, for normal differences."""


@dataclass(frozen=True)
class Noise:
    """By how much the means of two nights differ."""

    deviation: float
    """Standard deviation of the difference, by the median absolute one: neither a step nor a drift makes it larger."""
    widest: float
    """The larger of that and the plain standard deviation, which steps make larger."""
    nights: int
    """From so many accepted nights."""

    def excuses(self, loss: float, tolerated: float) -> bool:
        """Whether chance explains a mean loss; never one of more than MOST times what is ``tolerated``."""
        return loss <= min(TIMES * self.deviation, MOST * tolerated)

    def rules_out(self, loss: float) -> bool:
        """Whether chance cannot explain a mean loss."""
        return self.nights >= SURE_NIGHTS and loss > SURE * self.widest


def night_noise(store: Store, series: Sequence[Night]) -> dict[tuple[str, str], Noise]:
    """How much nights differ, by dataset and metric, from the accepted ones.

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
    found_noise = {place: noise_of(values) for place, values in changes.items()}
    return {place: noise for place, noise in found_noise.items() if noise is not None}


def noise_of(changes: Sequence[float]) -> Noise | None:
    """The noise in the changes from night to night; None for too few."""
    if len(changes) < FEWEST_NIGHTS - 1:
        return None
    values = np.asarray(changes)
    robust = float(_DEVIATION * np.median(np.abs(values - np.median(values))))
    return Noise(robust, max(robust, float(values.std(ddof=1))), len(changes) + 1)
