"""Intervals cover and tests keep quiet as often as they promise: some figures of docs/statistics.md, with fewer repetitions."""

from __future__ import annotations

import math

import pytest
from clip_statistics import CLIPS, SHAPES, Simulation

from mgld_bench.statistics.bootstrap import bootstrap_interval

FEW, MANY = 500, 3000


def above(promised: float, repetitions: int) -> float:
    """The highest rate that chance explains: four standard errors."""
    return promised + 4 * math.sqrt(promised * (1 - promised) / repetitions)


def test_coverage_and_false_alarms() -> None:
    run = Simulation(FEW)
    assert run.coverage(10, "normal") > 1 - above(0.05, FEW)
    assert run.false_verdicts(10, "normal") < above(0.05, FEW)
    assert run.false_alarms(4, "skewed") == 0
    covered, alarms = run.sets((4, 10), "normal")
    assert covered > 1 - above(0.05, FEW)
    assert alarms < above(0.05, FEW)
    assert run.family(10, 4) < above(0.05, FEW)
    assert run.ranks(10, 4, 0.1) > 1 - above(0.05, FEW)
    assert run.false_equivalence(10, "normal") < above(0.05, FEW)


def test_noise_without_a_step_has_none() -> None:
    run = Simulation(60)
    assert run.steps(30, 0.0) < above(0.05, 60)
    assert run.steps(30, 5.0) > 0.8


@pytest.mark.slow
@pytest.mark.parametrize("clips", CLIPS)
def test_every_number_of_clips(clips: int) -> None:
    run = Simulation(MANY)
    assert run.coverage(clips, "normal") > 1 - above(0.05, MANY)
    for shape in SHAPES:
        # Skewed differences break the symmetry that the test assumes: with 10 clips, about 1 alarm in 12 is false.
        assert run.false_alarms(clips, shape) < above(0.05 if shape == "normal" else 0.09, MANY)
        assert run.false_equivalence(clips, shape) < above(0.05, MANY)
    power = run.power(clips)
    assert power is None if clips == 4 else power == pytest.approx(0.8, abs=0.05)


@pytest.mark.slow
def test_from_20_clips_on_bca_covers() -> None:
    assert Simulation(800).coverage(30, "normal", bootstrap_interval) > 1 - above(0.08, 800)
    assert Simulation(800).coverage(50, "skewed", bootstrap_interval) > 1 - above(0.09, 800)
