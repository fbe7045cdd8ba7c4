"""Do two metrics order the same things alike? Kendall's and Spearman's rank correlation."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

FEWEST: Final = 3


@dataclass(frozen=True)
class RankCorrelation:
    """1: the same order; -1: the opposite one; 0: none of the two."""

    kendall: float
    """Tau-b."""
    kendall_p: float
    spearman: float
    spearman_p: float
    count: int


def rank_correlation(first: Sequence[float], second: Sequence[float]) -> RankCorrelation | None:
    """How alike two metrics order the same things, such as methods by their means, or clips by a difference of methods.

    Infinite scores have a rank as others do. None for fewer than FEWEST, or where one side has only one value.

    Args:
        first: scores by one metric; where lower is better, give their negatives.
        second: as many by the other, in the same order.
    """
    if len(first) != len(second):
        raise ValueError(f"{len(first)} and {len(second)} scores")
    if any(map(math.isnan, (*first, *second))):
        raise ValueError("a score is NaN")
    if len(first) < FEWEST or len(set(first)) == 1 or len(set(second)) == 1:
        return None
    from scipy import stats

    # Ranks first: Spearman is their linear correlation, and an infinity has one.
    ranks = stats.rankdata(first), stats.rankdata(second)
    kendall, spearman = stats.kendalltau(*ranks), stats.spearmanr(*ranks)
    return RankCorrelation(
        float(kendall.statistic), float(kendall.pvalue), float(spearman.statistic), float(spearman.pvalue), len(first)
    )
