"""The power of a pairwise study: against the test that results use, on simulated votes whose clusters are known."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pytest

from mgld_bench.statistics.choices import FIRST, SECOND, Choices
from mgld_bench.statistics.vote_power import (
    Clustering,
    VoteDesign,
    detectable_preference,
    effective_votes,
    participants_needed,
    power,
)
from mgld_bench.statistics.vote_shares import share_of_first

ASSUMED = Clustering(0.05, 0.1)
STUDIES = 250


def simulated_power(preference: float, design: VoteDesign, clustering: Clustering, level: float) -> float:
    """The share of simulated studies whose votes show a preference by the test of results.

    Votes are the signs of a normal variable, of which a part is the participant's and a part is the clip's; at a share of one
    half, two signs of variables with a correlation of r have one of 2 / pi * asin(r).
    """
    draw = np.random.default_rng(1)
    own, shared = (math.sin(math.pi / 2 * value) for value in (clustering.participant, clustering.clip))
    people, each = int(design.participants), int(design.votes_each)
    participants, clips = np.repeat(np.arange(people), each), np.arange(people * each) % design.clips
    first = np.zeros(people * each, dtype=np.int64)
    shown = 0
    for _ in range(STUDIES):
        latent = (
            NormalDist().inv_cdf(preference)
            + math.sqrt(own) * draw.standard_normal(people)[participants]
            + math.sqrt(shared) * draw.standard_normal(design.clips)[clips]
            + math.sqrt(1 - own - shared) * draw.standard_normal(people * each)
        )
        found = share_of_first(Choices(participants, clips, first, first + 1, np.where(latent > 0, FIRST, SECOND)))
        assert found is not None
        shown += found.p is not None and found.p <= level
    return shown / STUDIES


@pytest.mark.parametrize(
    ("design", "level"),
    [
        (VoteDesign(20, 15, 15), 0.05),
        (VoteDesign(10, 20, 20), 0.05 / 2),
        (VoteDesign(20, 3, 15), 0.05 / 36),
        (VoteDesign(6, 6, 6), 0.05),
    ],
)
def test_four_of_five_simulated_studies_find_the_detectable_preference(design: VoteDesign, level: float) -> None:
    preference = detectable_preference(design, ASSUMED, level)
    assert preference is not None
    assert simulated_power(preference, design, ASSUMED, level) == pytest.approx(0.8, abs=0.09)
    assert simulated_power(0.5 + 0.6 * (preference - 0.5), design, ASSUMED, level) < 0.6


def test_many_independent_votes_need_what_textbooks_say() -> None:
    # 60 to 40 at 5 % and 80 %: 194 votes (normal approximation), here with one vote each of very many on very many clips.
    found = participants_needed(0.6, VoteDesign(1, 1, 10_000), Clustering(0.0, 0.0), 0.05)
    assert found is not None
    assert found == pytest.approx(194, abs=6)


def test_too_few_people_and_clips_show_nothing_whatever_the_preference() -> None:
    assert detectable_preference(VoteDesign(2, 2, 2), ASSUMED, 0.05) is None
    assert detectable_preference(VoteDesign(4, 5, 5), ASSUMED, 0.05 / 36) is None
    # Unanimous votes count as one per participant or clip: three are never enough.
    assert detectable_preference(VoteDesign(3, 3, 3), Clustering(0.0, 0.0), 0.05) is None


def test_the_participants_needed_are_the_fewest_that_detect_the_preference() -> None:
    for each in (1, 3, 20):
        design = VoteDesign(1, each, 20)
        found = participants_needed(0.75, design, ASSUMED, 0.05)
        assert found is not None
        chances = [power(0.75, replace(design, participants=count), ASSUMED, 0.05) for count in (found - 1, found)]
        assert chances[0] < 0.8 <= chances[1]


def test_more_participants_do_not_make_up_for_too_few_clips() -> None:
    assert participants_needed(0.6, VoteDesign(10, 5, 5), ASSUMED, 0.05) is None
    assert participants_needed(0.6, VoteDesign(10, 5, 60), ASSUMED, 0.05) is not None
    assert effective_votes(VoteDesign(10_000, 5, 5), ASSUMED) < 5 / 0.1
