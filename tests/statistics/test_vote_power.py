"""The power of a pairwise study: against simulated votes whose clusters are known, and against what can be worked out by hand."""

from __future__ import annotations

import math
from statistics import NormalDist

import numpy as np
import pytest

from mgld_bench.statistics.vote_power import (
    Clustering,
    VoteDesign,
    detectable_preference,
    effective_votes,
    participants_needed,
    votes_needed,
)

ALONE = Clustering(0.0, 0.0)


def simulated_power(preference: float, participants: int, clips: int, clustering: Clustering, level: float) -> float:
    """The share of simulated studies whose votes differ from one half, given how much they cluster; all vote on every clip.

    Votes are the signs of a normal variable, of which a part is the participant's and a part is the clip's; at a share of one
    half, two signs of variables with a correlation of r have one of 2 / pi * asin(r).
    """
    draw = np.random.default_rng(1)
    own, shared = (math.sin(math.pi / 2 * value) for value in (clustering.participant, clustering.clip))
    studies = 4000
    latent = (
        NormalDist().inv_cdf(preference)
        + math.sqrt(own) * draw.standard_normal((studies, participants, 1))
        + math.sqrt(shared) * draw.standard_normal((studies, 1, clips))
        + math.sqrt(1 - own - shared) * draw.standard_normal((studies, participants, clips))
    )
    shares = (latent > 0).mean(axis=(1, 2))
    effective = effective_votes(VoteDesign(participants, clips, clips), clustering)
    statistic = (2 * np.arcsin(np.sqrt(shares)) - math.pi / 2) * math.sqrt(effective)
    return float((np.abs(statistic) > NormalDist().inv_cdf(1 - level / 2)).mean())


@pytest.mark.parametrize(
    ("participants", "clips", "clustering", "level"),
    [(20, 15, Clustering(0.05, 0.1), 0.05), (12, 20, Clustering(0.1, 0.05), 0.05 / 3), (15, 20, ALONE, 0.05 / 36)],
)
def test_four_of_five_simulated_studies_find_the_detectable_preference(
    participants: int, clips: int, clustering: Clustering, level: float
) -> None:
    effective = effective_votes(VoteDesign(participants, clips, clips), clustering)
    preference = detectable_preference(effective, level)
    assert preference is not None
    assert simulated_power(preference, participants, clips, clustering, level) == pytest.approx(0.8, abs=0.04)
    assert simulated_power(0.5, participants, clips, clustering, level) == pytest.approx(level, abs=0.02)


def test_without_clusters_the_numbers_are_those_of_textbooks() -> None:
    # 60 against 40 at 5 % and 80 %: 194 votes (Cohen's h of 0.2014); 70 against 30: 47 or 48.
    assert votes_needed(0.6, 0.05) == pytest.approx(193.5, abs=0.5)
    assert votes_needed(0.7, 0.05) == pytest.approx(46.4, abs=0.5)
    assert detectable_preference(votes_needed(0.6, 0.05), 0.05) == pytest.approx(0.6)


def test_too_few_votes_show_nothing_whatever_the_preference() -> None:
    assert detectable_preference(5, 0.05) is None
    assert detectable_preference(8, 0.05 / 36) is None
    assert votes_needed(1.0, 0.05) == pytest.approx(math.log2(40))


def test_the_participants_needed_are_the_fewest_that_detect_the_preference() -> None:
    clustering, level = Clustering(0.05, 0.1), 0.05 / 3
    for each, clips in ((1, 20), (2.5, 20), (20, 20)):
        found = participants_needed(0.7, VoteDesign(1, each, clips), clustering, level)
        assert found is not None
        detected, before = (
            detectable_preference(effective_votes(VoteDesign(count, each, clips), clustering), level)
            for count in (found, found - 1)
        )
        assert detected is not None
        assert detected <= 0.7 + 1e-9
        assert before is None or before > 0.7 - 1e-9


def test_more_participants_do_not_make_up_for_too_few_clips() -> None:
    assert participants_needed(0.6, VoteDesign(10, 5, 5), Clustering(0.05, 0.1), 0.05) is None
    assert participants_needed(0.6, VoteDesign(10, 5, 60), Clustering(0.05, 0.1), 0.05) is not None
    assert effective_votes(VoteDesign(10_000, 5, 5), Clustering(0.05, 0.1)) < 5 / 0.1
