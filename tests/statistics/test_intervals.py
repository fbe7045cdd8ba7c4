from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mgld_bench.statistics.intervals import Interval, mean_interval, paired_difference

SCORES = st.floats(-1e3, 1e3).map(lambda value: round(value, 4))


@given(st.lists(SCORES, min_size=3, max_size=60))
def test_the_interval_is_that_of_scipy(values: list[float]) -> None:
    interval = mean_interval(values)
    assert interval is not None
    assert interval.mean == pytest.approx(float(np.mean(values)), abs=1e-9)
    assert interval.count == len(values)
    if len(set(values)) == 1:
        assert interval.half_width == pytest.approx(0, abs=1e-9)
        return
    expected = stats.ttest_1samp(values, 0).confidence_interval(0.95)
    assert interval.low == pytest.approx(expected.low, rel=1e-7, abs=1e-7)
    assert interval.high == pytest.approx(expected.high, rel=1e-7, abs=1e-7)


def test_three_clips_by_hand() -> None:
    """With 2 degrees of freedom the quantile has a closed form: t = (2p - 1) sqrt(2 / (4p(1 - p))) for the probability p."""
    p = 0.975
    quantile = (2 * p - 1) * math.sqrt(2 / (4 * p * (1 - p)))
    interval = mean_interval([28.0, 30.0, 35.0])
    assert interval is not None
    assert interval.mean == 31.0
    deviation = math.sqrt((9 + 1 + 16) / 2)
    assert interval.half_width == pytest.approx(quantile * deviation / math.sqrt(3), rel=1e-9)


def test_one_or_two_values_and_an_infinite_one_have_no_interval() -> None:
    assert mean_interval([30.0]) is None
    assert mean_interval([30.0, 31.0]) is None
    assert mean_interval([30.0, 31.0, math.inf]) is None
    assert mean_interval([30.0, 31.0, math.nan]) is None


def test_an_interval_is_cut_at_the_ends_of_the_range() -> None:
    interval = mean_interval([0.0, 0.1, 0.4])
    assert interval is not None
    assert interval.low < 0
    cut = interval.within(0.0, 1.0)
    assert (cut.low, cut.high, cut.cut) == (0.0, interval.high, True)
    assert interval.within(None, 0.2).high == 0.2
    assert interval.within(None, None) == interval
    assert not interval.within(-10, 10).cut


@given(st.lists(st.tuples(SCORES, SCORES), min_size=3, max_size=30))
def test_a_paired_difference_is_that_of_scipys_paired_test(pairs: list[tuple[float, float]]) -> None:
    ours = {str(index): pair[0] for index, pair in enumerate(pairs)}
    theirs = {str(index): pair[1] for index, pair in reversed(list(enumerate(pairs)))}
    found = paired_difference(ours, theirs)
    assert found is not None
    assert found.interval is not None
    assert found.mean == pytest.approx(float(np.mean([a - b for a, b in pairs])), abs=1e-9)
    if len({round(a - b, 9) for a, b in pairs}) > 1:
        expected = stats.ttest_rel([a for a, _ in pairs], [b for _, b in pairs]).confidence_interval(0.95)
        assert found.interval.low == pytest.approx(expected.low, rel=1e-6, abs=1e-6)
        assert found.interval.high == pytest.approx(expected.high, rel=1e-6, abs=1e-6)


def test_only_clips_of_both_count() -> None:
    found = paired_difference({"a": 31.0, "b": 25.0, "c": math.inf, "d": 9.0}, {"b": 24.0, "a": 29.0, "c": 30.0})
    assert found is not None
    assert (found.mean, found.count, found.interval) == (1.5, 2, None)
    assert paired_difference({"a": 1.0}, {"b": 1.0}) is None
    assert isinstance(mean_interval([1.0, 2.0, 4.0]), Interval)
