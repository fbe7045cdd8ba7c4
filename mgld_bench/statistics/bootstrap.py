"""The BCa bootstrap interval of a mean over clips (bias-corrected and accelerated; Efron 1987), for 20 clips and more."""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Final

import numpy as np

from mgld_bench.statistics.intervals import CONFIDENCE, Interval

FEWEST_CLIPS: Final = 20
"""Resampling fewer gives intervals that are too narrow: docs/statistics.md has the measured coverage."""
RESAMPLES: Final = 9999
_SEED: Final = 20240807


def bootstrap_interval(values: Sequence[float]) -> Interval | None:
    """The mean of the clips' values with its BCa interval; None for fewer than FEWEST_CLIPS, or where one is not finite.

    The seed is fixed: the same values give the same interval.
    """
    if len(values) < FEWEST_CLIPS or not all(map(math.isfinite, values)):
        return None
    data = np.asarray(values, dtype=np.float64)
    mean = math.fsum(values) / len(values)
    if np.ptp(data) == 0:
        return Interval(mean, mean, mean, len(values))
    # Here, because it takes a second to import, and reports of few clips do without it.
    from scipy import stats

    with warnings.catch_warnings():
        # Nearly all values alike: there is no BCa interval, and scipy warns beside its NaN.
        warnings.simplefilter("ignore", stats.DegenerateDataWarning)
        found = stats.bootstrap(
            (data,), np.mean, confidence_level=CONFIDENCE, n_resamples=RESAMPLES, method="BCa", rng=np.random.default_rng(_SEED)
        ).confidence_interval
    if math.isnan(found.low) or math.isnan(found.high):
        return None
    return Interval(mean, float(found.low), float(found.high), len(values))
