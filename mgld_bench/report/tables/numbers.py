"""The numbers of a table: mean and rank, and how they are printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from mgld_bench.metrics.metric import Direction

Rank = Literal["best", "second", ""]

GAP = "–"
"""Printed where there is no score."""
_UNRANKED: Rank = ""


def mean(values: Sequence[float]) -> float:
    """The arithmetic mean of at least one value; infinite where one value is infinite."""
    return math.fsum(values) / len(values)


def rank(values: Sequence[float | None], direction: Direction, digits: int) -> tuple[Rank, ...]:
    """The rank of each value; None does not compete, and fewer than two competitors are not ranked.

    Values are compared as printed: those that print alike share a rank, because a reader could not see why only one of them is
    marked. Infinity competes: it is the best that PSNR can be.
    """
    printed = [None if value is None else round(value, digits) for value in values]
    competing = [value for value in printed if value is not None]
    if len(competing) < 2:
        return (_UNRANKED,) * len(values)
    order = sorted(set(competing), reverse=direction == "higher")
    ranks: dict[float | None, Rank] = {order[0]: "best"}
    if len(order) > 1:
        ranks[order[1]] = "second"
    return tuple(ranks.get(value, _UNRANKED) for value in printed)


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
