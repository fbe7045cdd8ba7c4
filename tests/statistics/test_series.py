"""Correlation between metrics, and steps in series of nights."""

from __future__ import annotations

import math

import numpy as np
import pytest
import ruptures
from scipy import stats

from mgld_bench.statistics.change_points import Level, change_points, levels
from mgld_bench.statistics.correlation import rank_correlation


def test_kendall_and_spearman_are_those_of_scipy_and_infinities_have_a_rank() -> None:
    first, second = [1.0, 2.0, 2.0, 4.0, 5.0], [2.0, 1.0, 3.0, 9.0, 8.0]
    found = rank_correlation(first, second)
    assert found is not None
    assert (found.kendall, found.kendall_p) == pytest.approx(tuple(stats.kendalltau(first, second)))
    assert (found.spearman, found.spearman_p) == pytest.approx(tuple(stats.spearmanr(first, second)))
    last = rank_correlation([1.0, 2.0, 3.0], [10.0, 20.0, math.inf])
    assert last is not None
    assert (last.kendall, last.spearman) == pytest.approx((1, 1))


def test_what_cannot_be_ordered_has_no_correlation() -> None:
    assert rank_correlation([1.0, 2.0], [1.0, 2.0]) is None
    assert rank_correlation([1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) is None
    with pytest.raises(ValueError, match="NaN"):
        rank_correlation([1.0, math.nan, 2.0], [1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="3 and 2"):
        rank_correlation([1.0, 2.0, 3.0], [1.0, 2.0])


def cost(series: np.ndarray, points: list[int], penalty: float) -> float:
    """What both implementations minimise."""
    parts = np.split(series, points)
    return sum(float(np.abs(part - np.median(part)).sum()) for part in parts) + penalty * len(points)


@pytest.mark.parametrize("seed", range(6))
def test_the_fit_is_that_of_ruptures(seed: int) -> None:
    random = np.random.default_rng(seed)
    series = np.concatenate([random.normal(level, 1, 12) for level in random.normal(0, 3, 4)])
    for penalty in (3.0, 8.0):
        ours = list(change_points(list(series), penalty))
        search = ruptures.Dynp(model="l1", min_size=3, jump=1).fit(series)
        theirs = min(
            ([point for point in search.predict(n_bkps=count) if point < len(series)] if count else [] for count in range(8)),
            key=lambda points: cost(series, points, penalty),
        )
        assert cost(series, ours, penalty) == pytest.approx(cost(series, theirs, penalty))
        assert ours == theirs


def test_a_step_is_found_and_one_slow_night_is_none() -> None:
    random = np.random.default_rng(0)
    quiet = list(10 + 0.1 * random.standard_normal(40))
    assert change_points(quiet) == ()
    assert change_points([*quiet[:20], 20.0, *quiet[21:]]) == ()
    assert change_points([*quiet, 12.0]) == ()
    assert change_points([*quiet[:20], *(value + 1 for value in quiet[20:])]) == (20,)


def test_series_without_noise_or_length() -> None:
    assert levels([]) == ()
    assert levels([5.0]) == (Level(0, 1, 5.0),)
    assert levels([5.0] * 9) == (Level(0, 9, 5.0),)
    assert levels([5.0] * 5 + [5.1] * 5) == (Level(0, 5, 5.0), Level(5, 10, 5.1))
    with pytest.raises(ValueError, match="finite"):
        levels([1.0, math.inf])
