"""Intervals of a user study cover the truth as often as docs/statistics.md says, and its tests keep quiet; with fewer studies."""

from __future__ import annotations

import math

import pytest
from vote_statistics import APART, EQUAL, Voters, figures


def above(promised: float, repetitions: int) -> float:
    """The highest rate that chance explains: four standard errors."""
    return promised + 4 * math.sqrt(promised * (1 - promised) / repetitions)


def test_a_few_studies() -> None:
    found = figures(Voters(10, 10, 30, EQUAL[:3], 0.3, 0.3), studies=30)
    assert found.strengths > 1 - above(0.05, 30)
    assert found.shares > 1 - above(0.05, 30)
    assert found.family < above(0.05, 30)
    assert found.unfitted == 0


@pytest.mark.slow
@pytest.mark.parametrize(("people", "clips"), [(10, 20), (20, 15)])
@pytest.mark.parametrize("spread", [0.0, 0.3, 0.8])
def test_many_studies(people: int, clips: int, spread: float) -> None:
    # Strong tastes and few people: an interval holds in 93 of 100 studies, not 95.
    found = figures(Voters(people, clips, 60, EQUAL, spread, spread), studies=200)
    assert found.strengths > 1 - above(0.07, 200)
    assert found.shares > 1 - above(0.07, 200)
    assert found.decided < above(0.05, 200)
    assert found.family < above(0.05, 200)


@pytest.mark.slow
def test_a_difference_is_found() -> None:
    found = figures(Voters(20, 15, 60, APART, 0.3, 0.3), studies=100)
    assert found.strengths > 1 - above(0.07, 100)
    assert found.decided > 0.8
