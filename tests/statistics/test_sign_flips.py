from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mgld_bench.statistics.sign_flips import MOST_EXACT, fewest_clips, sign_flip_p, sign_p, smallest_p

TENTHS = st.integers(-50, 50).map(lambda value: value / 10)


@given(st.lists(TENTHS, min_size=2, max_size=9))
def test_the_exact_p_is_that_of_scipy(differences: list[float]) -> None:
    # In whole tenths, so that no rounding decides what is a tie in scipy.
    data = [round(10 * value) for value in differences]
    expected = stats.permutation_test((data,), np.sum, permutation_type="samples", n_resamples=1000, alternative="two-sided")
    # scipy doubles the smaller tail, which is the same for a symmetric distribution.
    assert sign_flip_p(differences) == pytest.approx(min(1.0, float(expected.pvalue)))


@given(st.lists(TENTHS, min_size=1, max_size=12))
def test_signs_order_and_ties_do_not_matter(differences: list[float]) -> None:
    p = sign_flip_p(differences)
    assert p == sign_flip_p([-value for value in differences]) == sign_flip_p(sorted(differences))
    assert p == sign_flip_p([*differences, 0.0, 0.0])
    assert smallest_p(len(differences)) <= p <= 1


def test_four_clips_can_show_nothing_and_six_can() -> None:
    assert sign_flip_p([5.0, 6.0, 7.0, 8.0]) == 0.125 == smallest_p(4)
    assert sign_flip_p([5.0] * 6) == 0.03125 == smallest_p(6)
    assert [fewest_clips(level) for level in (1.0, 0.5, 0.05, 0.05 / 8)] == [1, 2, 6, 9]


def test_drawn_patterns_are_close_to_all_of_them_and_repeatable() -> None:
    values = list(np.random.default_rng(3).normal(0.4, 1, MOST_EXACT))
    exact = sign_flip_p(values)
    # One difference more, so small that it moves nothing: 2^21 patterns, of which 100,000 are drawn.
    drawn = sign_flip_p([*values, 1e-9])
    assert drawn == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 1e5) ** 0.5)
    assert drawn == sign_flip_p([*values, 1e-9])
    assert sign_flip_p([1.0] * 200) == pytest.approx(1 / 100_001) == smallest_p(200)


def test_no_differences_and_only_ties_have_p_1() -> None:
    assert sign_flip_p([]) == sign_flip_p([0.0] * 200) == 1
    assert sign_flip_p([3.0]) == 1


def test_what_is_not_finite_is_refused() -> None:
    for value in (float("nan"), float("inf")):
        with pytest.raises(ValueError, match="finite"):
            sign_flip_p([1.0, value])


def test_the_sign_test_is_the_binomial_one() -> None:
    assert sign_p(9, 1) == pytest.approx(2 * (1 + 10) / 2**10)
    assert sign_p(0, 0) == 1
