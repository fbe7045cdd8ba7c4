"""The rule of the quality alarm at its limits: losses that are tolerated, the level of the test, how many clips, few clips."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from mgld_bench.metrics.catalogue import describe
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
