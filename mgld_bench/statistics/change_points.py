"""Where a series of nights changed its level: the best piecewise constant fit, for noisy series such as seconds and memory.

The cost of a piece is the sum of absolute distances from its median, so that one slow night is an outlier and not a step; each
further piece costs a penalty (an L1 Potts model). The minimum is exact, by dynamic programming.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

FEWEST_NIGHTS: Final = 3
"""A level needs as many values, more than half of them near it: a single night is never a step."""
_PENALTY: Final = 2.5
"""Times the noise and the logarithm of the length; docs/statistics.md has the false alarms and the steps found with it."""
_QUARTILE: Final = 0.6744897501960817
"""Of the standard normal distribution: half of its values are closer to 0."""


@dataclass(frozen=True)
class Level:
    """A stretch of a series at one level."""

    first: int
    """Index of its first value."""
    end: int
    """Index after its last one."""
    value: float
    """The median."""


def levels(values: Sequence[float], penalty: float | None = None, shortest: int = FEWEST_NIGHTS) -> tuple[Level, ...]:
    """The stretches of the series, in order; one where it never changed, none where it is empty.

    >>> [(level.first, level.value) for level in levels([1.0, 1.1, 1.0, 2.0, 2.1, 2.0])]
    [(0, 1.0), (3, 2.0)]

    Args:
        values: finite, in time order, at least one.
        penalty: by how much a further stretch has to reduce the sum of absolute distances; default: from the noise, which is
            measured between neighbours, so that steps do not count as noise.
        shortest: the fewest values of a stretch; a series of fewer than twice as many has one.
    """
    series = [float(value) for value in values]
    if not all(map(math.isfinite, series)):
        raise ValueError("a value is not finite")
    if not series:
        return ()
    price = _price(series) if penalty is None else penalty
    count = len(series)
    costs = [_costs(series, first) for first in range(count)]
    best = [0.0] + [math.inf] * count
    begin = [0] * (count + 1)
    for end in range(1, count + 1):
        for first in range(end):
            short = end - first < shortest and end - first < count
            if short or math.isinf(best[first]):
                continue
            total = best[first] + costs[first][end - first - 1] + (price if first else 0.0)
            if total < best[end]:
                best[end], begin[end] = total, first
    found = []
    end = count
    while end:
        found.append(Level(begin[end], end, float(np.median(series[begin[end] : end]))))
        end = begin[end]
    return tuple(reversed(found))


def change_points(values: Sequence[float], penalty: float | None = None, shortest: int = FEWEST_NIGHTS) -> tuple[int, ...]:
    """The indices at which a new level begins; see levels()."""
    return tuple(level.first for level in levels(values, penalty, shortest)[1:])


def _price(series: Sequence[float]) -> float:
    if len(series) < 2:
        return 0.0
    # Of differences between neighbours, whose deviation is that of the noise times the square root of 2.
    steps = np.abs(np.diff(series))
    noise = float(np.median(steps)) / (_QUARTILE * math.sqrt(2))
    # A series without noise still has rounding.
    return _PENALTY * max(noise, 1e-9 * float(np.max(np.abs(series)))) * math.log(len(series))


def _costs(series: Sequence[float], first: int) -> list[float]:
    """The cost of each stretch from ``first`` on, by its length: two heaps hold the halves below and above the median."""
    below: list[float] = []  # negated
    above: list[float] = []
    sums = [0.0, 0.0]
    found = []
    for value in series[first:]:
        heapq.heappush(below, -value)
        sums[0] += value
        moved = -heapq.heappop(below)
        heapq.heappush(above, moved)
        sums[0] -= moved
        sums[1] += moved
        if len(above) > len(below):
            moved = heapq.heappop(above)
            heapq.heappush(below, -moved)
            sums[1] -= moved
            sums[0] += moved
        middle = -below[0]
        found.append(sums[1] - len(above) * middle + len(below) * middle - sums[0])
    return found
