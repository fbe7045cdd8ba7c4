"""Numbers as tables print them, and their interval."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from scipy import stats

GAP = "–"
"""Printed where there is no score."""
CONFIDENCE = 0.95
FEWEST_CLIPS = 3
"""From two clips alone the interval would be 12.7 standard errors wide and tell nothing."""


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value; infinite where one value is infinite."""
    return math.fsum(values) / len(values)


def interval_half_width(values: Sequence[float]) -> float | None:
    """Half the width of the 95% confidence interval of the mean, or None for fewer than FEWEST_CLIPS values or an infinite one.

    Student's t with n - 1 degrees of freedom on the clips' scores, which are taken as independent draws. It is used rather than a
    bootstrap because test sets have few clips (REDS4 has 4): resampling so few values gives intervals that are too narrow.
    """
    if len(values) < FEWEST_CLIPS or not all(map(math.isfinite, values)):
        return None
    spread = float(np.std(np.asarray(values), ddof=1))
    return float(stats.t.ppf((1 + CONFIDENCE) / 2, len(values) - 1)) * spread / math.sqrt(len(values))


def format_value(value: float | None, digits: int) -> str:
    """``value`` with ``digits`` behind the point; ∞ for infinity, – for None."""
    if value is None:
        return GAP
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    text = f"{value:.{digits}f}"
    # A rounded -0.00 would claim a sign that it does not have.
    return text.removeprefix("-") if float(text) == 0 else text


def format_difference(value: float, digits: int) -> str:
    """``value`` with its sign."""
    text = format_value(value, digits)
    return text if text.startswith("-") or not text.strip("0.") else f"+{text}"
