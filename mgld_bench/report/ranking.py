"""Which numbers of a row are the best and the second best."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from mgld_bench.metrics.metric import Direction

Rank = Literal["best", "second", ""]

_UNRANKED: Rank = ""


def rank(values: Sequence[float | None], direction: Direction, digits: int) -> tuple[Rank, ...]:
    """The rank of each value; None does not compete, and fewer than two competitors are not ranked.

    Values are compared as printed: those that print alike share a rank, for no reader could tell why one of them is marked.
    Infinity competes: it is the best that PSNR can be.
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
