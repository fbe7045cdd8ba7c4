from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mgld_bench.statistics.bootstrap import FEWEST_CLIPS, bootstrap_interval
from mgld_bench.statistics.equivalence import equivalence_p, no_worse_p
from mgld_bench.statistics.intervals import mean_interval
from mgld_bench.statistics.paired import compare_pairs
from mgld_bench.statistics.ranks import Rank, rank_of
from mgld_bench.statistics.several_sets import compare_sets
from mgld_bench.statistics.several_tests import holm

RANDOM = np.random.default_rng(7)
FIRST = [float(value) for value in RANDOM.normal(28, 3, 30)]
SECOND = [float(value) for value in np.asarray(FIRST) + RANDOM.normal(0.2, 0.3, 30)]


def test_means_intervals_wins_and_effect() -> None:
    found = compare_pairs(FIRST[:10], SECOND[:10])
    expected = stats.ttest_rel(SECOND[:10], FIRST[:10])
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == pytest.approx(tuple(expected.confidence_interval(0.95)))
    assert found.mean == pytest.approx(float(np.mean(SECOND[:10]) - np.mean(FIRST[:10])))
    assert (found.higher + found.ties + found.lower, found.clips) == (10, 10)
    assert found.higher == sum(b > a for a, b in zip(FIRST[:10], SECOND[:10], strict=True))
    assert found.effect == pytest.approx(expected.statistic / math.sqrt(10))
    assert (found.bootstrap, found.test) == (None, "sign-flip")


def test_exchanging_the_two_changes_signs_only() -> None:
    there, back = compare_pairs(FIRST, SECOND), compare_pairs(SECOND, FIRST)
    assert (there.p, there.higher) == (back.p, back.lower)
    assert there.mean == pytest.approx(-back.mean)


def test_the_order_of_clips_does_not_matter() -> None:
    straight, reversed_ = compare_pairs(FIRST, SECOND), compare_pairs(FIRST[::-1], SECOND[::-1])
    assert straight.p == reversed_.p
    assert straight.interval is not None
    assert reversed_.interval is not None
    assert straight.interval.low == pytest.approx(reversed_.interval.low)


def test_from_20_clips_on_there_is_a_bca_interval() -> None:
    found = compare_pairs(FIRST, SECOND)
    differences = np.asarray(SECOND) - np.asarray(FIRST)
    expected = stats.bootstrap((differences,), np.mean, n_resamples=9999, method="BCa", rng=np.random.default_rng(1))
    assert found.bootstrap is not None
    width = expected.confidence_interval.high - expected.confidence_interval.low
    assert found.bootstrap.low == pytest.approx(expected.confidence_interval.low, abs=0.05 * width)
    assert found.bootstrap.high == pytest.approx(expected.confidence_interval.high, abs=0.05 * width)
    assert found == compare_pairs(FIRST, SECOND)
    # docs/statistics.md: BCa from 20 clips on.
    assert FEWEST_CLIPS == 20
    assert bootstrap_interval(FIRST[: FEWEST_CLIPS - 1]) is None
    assert bootstrap_interval([*FIRST, math.inf]) is None


def test_identical_scores_differ_by_nothing() -> None:
    found = compare_pairs(FIRST, FIRST)
    assert (found.mean, found.p, found.ties, found.deviation, found.effect) == (0, 1, 30, 0, None)
    assert found.interval is not None
    assert (found.interval.low, found.interval.high) == (0, 0)
    assert found.bootstrap is not None
    assert (found.bootstrap.low, found.bootstrap.high) == (0, 0)


def test_nearly_all_alike_is_no_failure() -> None:
    found = compare_pairs([0.0] * 25, [0.0] * 24 + [1.0])
    assert (found.p, found.higher, found.ties) == (1, 1, 24)
    assert found.interval is not None


def test_identical_frames_on_both_sides_are_a_tie_and_on_one_side_have_no_mean() -> None:
    both = compare_pairs([math.inf, 30.0, 31.0], [math.inf, 30.5, 31.5])
    assert (both.differences, both.ties, both.test) == ((0, 0.5, 0.5), 1, "sign-flip")
    one = compare_pairs([30.0] * 6, [math.inf] + [31.0] * 5)
    assert (one.mean, one.interval, one.deviation, one.effect) == (math.inf, None, None, None)
    assert (one.test, one.higher) == ("sign", 6)
    assert one.p == pytest.approx(0.03125)
    opposite = compare_pairs([math.inf, 30.0, 1.0], [30.0, math.inf, 1.0])
    assert math.isnan(opposite.mean)
    assert (opposite.p, opposite.higher, opposite.lower) == (1, 1, 1)


def test_one_clip_has_a_difference_and_nothing_else() -> None:
    found = compare_pairs([30.0], [31.0])
    assert (found.mean, found.interval, found.deviation, found.p) == (1, None, None, 1)


def test_wrong_use_is_refused() -> None:
    for first, second, message in (([1.0], [1.0, 2.0], "pairs"), ([], [], "no clips"), ([math.nan], [1.0], "NaN")):
        with pytest.raises(ValueError, match=message):
            compare_pairs(first, second)


def test_holm_by_hand() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.7, 0.9]) == [1.0, 1.0]


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_holm_lies_between_no_correction_and_bonferroni_and_keeps_the_order(values: list[float]) -> None:
    adjusted = holm(values)
    assert all(p <= each <= min(1.0, len(values) * p) for p, each in zip(values, adjusted, strict=True))
    assert sorted(range(len(values)), key=lambda place: (values[place], adjusted[place])) == sorted(
        range(len(values)), key=lambda place: (adjusted[place], values[place])
    )


def test_equivalence_is_two_one_sided_t_tests() -> None:
    values = [b - a for a, b in zip(FIRST, SECOND, strict=True)]
    low = float(stats.ttest_1samp(values, -0.4, alternative="greater").pvalue)
    high = float(stats.ttest_1samp(values, 0.4, alternative="less").pvalue)
    assert equivalence_p(values, 0.4) == pytest.approx(max(low, high))
    assert no_worse_p(values, 0.4) == pytest.approx(low)
    # p <= 0.05 exactly where the 90 % interval lies within the margin.
    ninety = stats.ttest_1samp(values, 0).confidence_interval(0.90)
    assert equivalence_p(values, float(ninety.high)) == pytest.approx(0.05)


def test_equivalence_of_what_is_identical_infinite_or_too_few() -> None:
    assert equivalence_p([0.0] * 5, 0.1) == 0
    assert equivalence_p([0.2] * 5, 0.1) == 1
    assert equivalence_p([0.1], 1) is None
    assert equivalence_p([0.1, 0.2], 100) == pytest.approx(float(stats.ttest_1samp([0.1, 0.2], 100, alternative="less").pvalue))
    assert equivalence_p([0.1, 0.2, math.inf], 1) is None


def test_several_sets_keep_their_own_levels() -> None:
    # Two sets with opposite differences: the spread between them is not taken for noise within them.
    found = compare_sets({"a": [1.0, 1.1, 0.9, 1.0], "b": [-0.2, -0.1, -0.3, -0.2, -0.2]})
    assert found is not None
    assert (found.clips, found.sets, found.agreeing) == (9, 2, 1)
    assert found.mean == pytest.approx(3.0 / 9)
    pooled = mean_interval([1.0, 1.1, 0.9, 1.0, -0.2, -0.1, -0.3, -0.2, -0.2])
    assert found.interval is not None
    assert pooled is not None
    assert found.interval.half_width < pooled.half_width / 3


def test_one_set_alone_is_the_paired_comparison() -> None:
    one, same = compare_sets({"a": [b - a for a, b in zip(FIRST, SECOND, strict=True)]}), compare_pairs(FIRST, SECOND)
    assert one is not None
    assert one.interval is not None
    assert same.interval is not None
    assert (one.mean, one.p, one.interval.low) == pytest.approx((same.mean, same.p, same.interval.low))


def test_four_ten_and_thirty_clips_show_together_what_none_shows_alone() -> None:
    sets = {"reds4": [0.2] * 4, "udm10": [0.2, -0.1] * 5, "spmcs": [0.2, -0.1] * 15}
    found = compare_sets(sets)
    assert found is not None
    assert found.p < 0.05 < min(compare_pairs([0.0] * len(values), values).p for values in (sets["reds4"], sets["udm10"]))


def test_sets_without_an_interval() -> None:
    assert compare_sets({}) is None
    assert compare_sets({"a": [math.inf, 1.0]}) is None
    single = compare_sets({"a": [1.0], "b": [1.0, 2.0, 3.0]})
    assert single is not None
    assert single.interval is None
    alike = compare_sets({"a": [1.0, 1.0], "b": [1.0, 1.0]})
    assert alike is not None
    assert alike.interval is not None
    assert alike.interval.half_width == 0


def test_ranks_with_what_cannot_be_excluded() -> None:
    base = np.asarray(FIRST)
    scores = [list(base + shift) for shift in (0.5, 0.0, 0.0, -2.0)]
    scores[2] = list(base + np.where(np.arange(30) % 2, 0.01, -0.0101))
    assert [rank_of(index, scores, True) for index in range(4)] == [
        Rank(1, 1, 1, 4),
        Rank(2, 2, 3, 4),
        Rank(3, 2, 3, 4),
        Rank(4, 4, 4, 4),
    ]
    assert rank_of(0, scores, False) == Rank(4, 4, 4, 4)
    assert rank_of(0, [scores[0]], True) == Rank(1, 1, 1, 1)
    four = [values[:4] for values in scores]
    assert rank_of(0, four, True) == Rank(1, 1, 4, 4)
    assert rank_of(1, [[30.0, 31.0], [math.inf, 31.0]], True) == Rank(1, 1, 2, 2)
