from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from mgld_bench.statistics.power import clips_needed, detectable_effect
from mgld_bench.statistics.sign_flips import sign_flip_p


def test_four_clips_detect_nothing_and_six_detect_by_the_closed_form() -> None:
    assert detectable_effect(4) is None
    assert detectable_effect(8, 0.05 / 8) is None
    # Of six clips p is at most 0.05 exactly where all have the same sign: a chance of 0.8 means Phi(effect)^6 = 0.8.
    assert detectable_effect(6) == pytest.approx(float(stats.norm.ppf(0.8 ** (1 / 6))), rel=0.03)


def test_many_clips_detect_what_the_t_test_does() -> None:
    # The known approximation for large n: (z of 0.975 + z of 0.8) / sqrt(n).
    assert detectable_effect(10_000) == pytest.approx((1.959964 + 0.841621) / 100, rel=1e-3)
    found = [detectable_effect(clips) or 99 for clips in range(6, 60)]
    assert found == sorted(found, reverse=True)


def test_four_of_five_are_found_at_the_detectable_effect() -> None:
    random = np.random.default_rng(5)
    for clips in (7, 15):
        effect = detectable_effect(clips)
        assert effect is not None
        found = [sign_flip_p(list(random.normal(effect, 1, clips))) <= 0.05 for _ in range(600)]
        assert np.mean(found) == pytest.approx(0.8, abs=0.06)


def test_clips_needed_is_the_inverse() -> None:
    for effect in (0.3, 0.8, 1.5, 5.0):
        clips = clips_needed(effect)
        assert clips is not None
        assert clips == clips_needed(-effect)
        enough, fewer = detectable_effect(clips), detectable_effect(clips - 1)
        assert enough is not None
        assert enough <= effect
        assert fewer is None or fewer > effect
    assert clips_needed(5.0) == 6
    assert clips_needed(0.0) is None
    assert clips_needed(1e-6) is None
