"""What so many clips can show: the smallest detectable difference, and the clips that a given difference would need.

Both count in standard deviations of the differences by clip, which the caller has from the comparison itself, or from an earlier
one. A deviation estimated from few clips is itself rough: from 4 clips, it may be wrong by a factor of 2 or more.
"""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Final

import numpy as np

from mgld_bench.statistics.sign_flips import fewest_clips
from mgld_bench.statistics.student import t_quantile

POWER: Final = 0.8
_MOST_SIMULATED: Final = 12
"""Up to here the sign-flip test has so few patterns that it is weaker than the t test, and its own power is simulated."""
_SIMULATED: Final = 2000
_SEED: Final = 20240807
MOST_CLIPS: Final = 100_000


def detectable_effect(clips: int, level: float = 0.05) -> float | None:
    """The smallest true mean difference that the two-sided sign-flip test finds in 4 of 5 test sets of so many clips.

    In standard deviations of normally distributed differences; None where no difference can be shown, whatever its size.

    Args:
        clips: their number.
        level: p at most this counts as shown; for m tests together, 0.05 / m is on the safe side of Holm.
    """
    if clips < fewest_clips(level):
        return None
    return _simulated(clips, level) if clips <= _MOST_SIMULATED else _of_t_test(clips, level)


def clips_needed(effect: float, level: float = 0.05) -> int | None:
    """The fewest clips that find a true difference of ``effect`` standard deviations in 4 of 5 test sets.

    None for more than MOST_CLIPS, and for an effect of 0.
    """
    low, high = fewest_clips(level), MOST_CLIPS
    if effect == 0 or _detects(high, level) > abs(effect):
        return None
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if _detects(middle, level) <= abs(effect) else (middle + 1, high)
    return low


def _detects(clips: int, level: float) -> float:
    found = detectable_effect(clips, level)
    return math.inf if found is None else found


@lru_cache(maxsize=256)
def _of_t_test(clips: int, level: float) -> float:
    """By the noncentral t distribution, which the sign-flip test equals within 1 % from here on."""
    # Not scipy.stats, which takes a second to import: these are the functions that it calls.
    from scipy import special

    critical = t_quantile(1 - level / 2, clips - 1)
    low, high = 0.0, 20.0 / math.sqrt(clips)
    for _ in range(60):
        middle = (low + high) / 2
        # The chance of a significant difference of the wrong sign is too small to count.
        power = 1.0 - float(special.nctdtr(clips - 1, middle * math.sqrt(clips), critical))
        low, high = (low, middle) if power >= POWER else (middle, high)
    return high


@lru_cache(maxsize=64)
def _simulated(clips: int, level: float) -> float:
    """The effect at which 4 of 5 of a fixed set of normal samples are significant."""
    noise = np.random.default_rng(_SEED).standard_normal((_SIMULATED, clips))
    patterns = (np.arange(2 ** (clips - 1))[:, None] >> np.arange(clips)) & 1
    signs = 1.0 - 2.0 * patterns
    fixed, slope = noise @ signs.T, signs.sum(axis=1)

    def power(effect: float) -> float:
        # Pattern 0 is the observed one, all signs as they are.
        sums = np.abs(fixed + effect * slope)
        p = (sums >= sums[:, :1] * (1 - 1e-12)).mean(axis=1)
        return float((p <= level).mean())

    low, high = 0.0, 8.0
    for _ in range(12):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle) >= POWER else (middle, high)
    return high
