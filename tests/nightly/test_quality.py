"""The rule of the quality alarm at its limits: losses that are tolerated, the level of the test, how many clips, few clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mgld_bench.metrics.catalogue import describe
from mgld_bench.nightly.noise import Noise, noise_of
from mgld_bench.nightly.quality import Series, quality_of

LIMITS = {"psnr.rgb": 0.05, "ssim.rgb": 0.0025, "lpips.alex": 0.0025, "dists": 0.0025, "vmaf.v0.6.1neg": 0.5}


def alarm(metric: str, losses: Sequence[float]) -> bool:
    gains = {str(index): -float(loss) for index, loss in enumerate(losses)}
    (found,) = quality_of([Series("set", describe(metric), gains)], "night 1")
    return found.alarm


@pytest.mark.parametrize(("metric", "limit"), LIMITS.items())
def test_a_mean_loss_up_to_the_limit_is_tolerated(metric: str, limit: float) -> None:
    assert not alarm(metric, [limit * 0.99] * 10)
    assert alarm(metric, [limit * 1.01] * 10)


def test_the_test_is_held_to_half_a_percent() -> None:
    pattern = np.arange(10) - 4.5
    pattern /= pattern.std(ddof=1) / np.sqrt(10)
    # Student's t at 0.995 with 9 degrees of freedom is 3.25.
    assert not alarm("psnr.rgb", (3.2 + pattern).tolist())
    assert alarm("psnr.rgb", (3.3 + pattern).tolist())


def test_two_thirds_of_the_clips_have_to_be_worse() -> None:
    assert not alarm("psnr.rgb", [1.0] * 6 + [-1e-6] * 4)
    assert alarm("psnr.rgb", [1.0] * 7 + [-1e-6] * 3)


def test_few_clips_alarm_where_each_is_worse_by_more_than_twice_the_limit() -> None:
    assert not alarm("psnr.rgb", [0.099, 5.0])
    assert alarm("psnr.rgb", [0.101, 5.0])


def test_a_metric_without_a_limit_only_warns() -> None:
    gains = {str(index): 1.0 for index in range(10)}
    (better,) = quality_of([Series("set", describe("niqe.pyiqa"), gains)], "night 1")
    (worse,) = quality_of([Series("set", describe("niqe.pyiqa"), dict.fromkeys(gains, -1.0))], "night 1")
    assert (better.alarm, better.warning, worse.alarm, worse.warning) == (False, False, False, True)


def noisy(losses: Sequence[float], noise: float, nights: int = 4) -> tuple[bool, bool]:
    """Whether a loss of PSNR is an alarm, and whether it is a warning, where so many nights differed by ``noise`` dB."""
    gains = {str(index): -float(loss) for index, loss in enumerate(losses)}
    (found,) = quality_of([Series("set", describe("psnr.rgb"), gains, Noise(noise, noise, nights))], "night 1")
    return found.alarm, found.warning


def test_what_nights_differ_by_is_a_warning_and_no_alarm() -> None:
    assert noisy([0.3] * 10, 0.11) == (False, True)
    assert noisy([0.3] * 10, 0.09) == (True, False)
    assert noisy([0.51] * 10, 10.0) == (True, False), "ten times what is tolerated is never noise"
    assert noisy([0.04] * 10, 0.0) == (False, False)


def test_a_loss_that_is_uneven_over_clips_is_found_once_six_nights_are_known() -> None:
    uneven = [1.0, *[0.01] * 7, -0.01, -0.01]
    assert not alarm("psnr.rgb", uneven)
    assert noisy(uneven, 0.016, nights=6) == (True, False)
    assert noisy(uneven, 0.018, nights=6) == (False, False)
    assert noisy(uneven, 0.016, nights=5) == (False, False)


def test_neither_a_step_nor_a_drift_is_noise() -> None:
    def deviation(changes: Sequence[float]) -> float:
        found = noise_of(changes)
        assert found is not None
        return found.deviation

    assert noise_of([0.1, 0.2]) is None
    assert deviation([0.01, -0.01, 0.01, -3.0, -0.01, 0.01]) < 0.03
    assert deviation([0.5] * 6) == 0
    drawn = np.random.default_rng(1).normal(0, 0.2, 1000)
    assert deviation(drawn.tolist()) == pytest.approx(0.2, rel=0.1)
