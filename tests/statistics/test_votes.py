"""Shares of votes, their tests, and agreement: closed forms, evalica, and studies too small or too uniform to say anything."""

from __future__ import annotations

import math

import evalica
import numpy as np
import pandas as pd
import pytest
from scipy.stats import binomtest

from mgld_bench.statistics.agreement import nominal_agreement, vote_agreement
from mgld_bench.statistics.choices import Choices
from mgld_bench.statistics.crossed_resampling import crossed_spread
from mgld_bench.statistics.strengths import strength_intervals
from mgld_bench.statistics.vote_shares import vote_share
from tests.helpers.voters import simulated_votes


def votes(people: list[int], clips: list[int], outcomes: list[int]) -> Choices:
    """Votes between methods 0 and 1."""
    count = len(outcomes)
    return Choices(
        np.array(people), np.array(clips), np.zeros(count, dtype=np.int64), np.ones(count, dtype=np.int64), np.array(outcomes)
    )


def test_independent_votes_have_nearly_the_interval_of_wilson() -> None:
    count = 400
    outcomes = [1 if place % 10 < 7 else -1 for place in range(count)]
    share = vote_share(votes(list(range(count)), list(range(count)), outcomes), 0, 1)
    assert share is not None
    assert share.interval is not None
    plain = binomtest(280, count).proportion_ci(method="wilson")
    assert share.interval == pytest.approx((plain.low, plain.high), abs=0.006)
    assert share.effective == pytest.approx(count, rel=0.15)


def test_votes_that_repeat_each_other_count_once() -> None:
    # 20 people, each of whom votes on 10 clips as on the first: 200 votes, but what 20 are worth.
    people = [person for person in range(20) for _ in range(10)]
    share = vote_share(votes(people, list(range(10)) * 20, [1 if person < 14 else -1 for person in people]), 0, 1)
    assert share is not None
    assert share.count == 200
    assert share.effective == pytest.approx(20, rel=0.2)


def test_deviations_of_a_mean_have_a_closed_form() -> None:
    # Over participants alone, the weighted mean of their means has the deviation of a mean of as many numbers.
    means = np.array([0.1, 0.4, 0.5, 0.9, 1.0, 0.2, 0.7, 0.6] * 4)
    one_clip = votes(list(range(len(means))), [0] * len(means), [1] * len(means))
    spread = crossed_spread(one_clip, lambda weights: (weights @ means / weights.sum(axis=1))[:, np.newaxis], resamples=4000)
    assert spread is not None
    assert spread.over == "participants"
    assert spread.deviations[0] == pytest.approx(means.std(ddof=1) / math.sqrt(len(means)), rel=0.06)


def test_where_all_agree_the_interval_is_that_of_so_many_people_or_clips() -> None:
    people, clips = [person for person in range(8) for _ in range(5)], list(range(5)) * 8
    share = vote_share(votes(people, clips, [1] * 40), 0, 1)
    assert share is not None
    assert share.share == 1
    assert share.effective is None
    assert share.interval is not None
    assert 0.3 < share.interval[0] < 0.5
    assert share.interval[1] == 1
    tied = vote_share(votes(people, clips, [0] * 40), 0, 1)
    assert tied is not None
    assert tied.interval is not None
    assert tied.interval[0] < 0.3
    assert tied.p == 1


@pytest.mark.parametrize(("people", "clips", "over"), [(1, 1, None), (2, 2, None), (1, 6, "clips"), (6, 1, "participants")])
def test_small_studies_speak_only_of_what_they_have(people: int, clips: int, over: str | None) -> None:
    choices = simulated_votes(3, people=people, clips=clips, strengths=(0.0, 0.5, 0.2), tie=0.3, each=40)
    found = strength_intervals(choices, 3)
    assert found.over == over
    assert all((interval is None) == (over is None) for interval in found.intervals)
    share = vote_share(choices, 0, 1)
    assert share is not None
    assert (share.interval is None) == (over is None)
    assert (share.p is None) == (over is None)


@pytest.mark.parametrize("seed", range(8))
def test_p_and_interval_never_contradict_each_other(seed: int) -> None:
    choices = simulated_votes(seed, people=7, clips=5, strengths=(0.0, 0.25 * seed), each=5)
    share, turned = vote_share(choices, 0, 1), vote_share(choices, 1, 0)
    assert share is not None
    assert turned is not None
    assert share.interval is not None
    assert share.p is not None
    assert (share.p <= 0.05) == (not share.interval[0] < 0.5 < share.interval[1])
    assert turned.p == pytest.approx(share.p)
    assert turned.interval == pytest.approx((1 - share.interval[1], 1 - share.interval[0]))


def test_resampling_and_the_closed_form_of_the_variance_agree() -> None:
    choices = simulated_votes(9, people=12, clips=8, strengths=(0.0, 0.4), each=8).between(0, 1)
    share = vote_share(choices, 0, 1)
    spread = crossed_spread(
        choices, lambda weights: (weights @ choices.preference / weights.sum(axis=1))[:, np.newaxis], resamples=4000
    )
    assert share is not None
    assert share.effective is not None
    assert spread is not None
    assert share.share * (1 - share.share) / share.effective == pytest.approx(spread.deviations[0] ** 2, rel=0.2)


def test_a_share_needs_votes() -> None:
    assert vote_share(votes([0], [0], [1]), 0, 2) is None


def test_alpha_of_the_published_example() -> None:
    # Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: 4 observers, 12 units, answers missing.
    observers = [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
        [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
    ]
    units = [[row[place] for row in observers if row[place] is not None] for place in range(12)]
    found = nominal_agreement(units)
    assert found is not None
    assert found.alpha == pytest.approx(0.743, abs=5e-4)
    theirs = evalica.alpha(pd.DataFrame(observers, dtype="float64"))
    assert found.alpha == pytest.approx(theirs.alpha)


def test_agreement_does_not_depend_on_which_method_is_called_the_first() -> None:
    choices = simulated_votes(4, people=9, clips=6, strengths=(0.0, 1.5, 3.0), each=18)
    swapped = np.random.default_rng(0).random(len(choices)) < 0.5
    turned = Choices(
        choices.participants,
        choices.clips,
        np.where(swapped, choices.second, choices.first),
        np.where(swapped, choices.first, choices.second),
        np.where(swapped, -choices.outcome, choices.outcome),
    )
    agreed, again = vote_agreement(choices), vote_agreement(turned)
    assert agreed is not None
    assert agreed == again
    assert agreed.alpha is not None
    # A clear order is agreed on; votes at random are not.
    assert agreed.alpha > 0.2
    noise = vote_agreement(simulated_votes(5, people=9, clips=6, strengths=(0.0, 0.0, 0.0), each=18))
    assert noise is not None
    assert noise.alpha == pytest.approx(0, abs=0.1)


def test_agreement_needs_two_answers_and_two_kinds_of_them() -> None:
    assert nominal_agreement([["a"], ["b"], []]) is None
    alike = vote_agreement(votes([0, 1], [0, 0], [0, 0]))
    assert alike is not None
    assert (alike.alpha, alike.same) == (None, 1.0)
