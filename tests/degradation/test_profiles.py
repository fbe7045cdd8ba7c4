"""The ranges from which a degradation is drawn, typed from the configuration of RealBasicVSR and of MGLD-VSR's copy."""

from __future__ import annotations

import math

import pytest

from mgld_bench.degradation import profiles
from mgld_bench.degradation.profiles import PROFILES, STAGE_1, STAGE_2, StageRanges


def test_blur_kernels_are_drawn_as_in_realbasicvsr() -> None:
    assert profiles.KERNEL_PROBABILITIES == {
        "iso": 0.405,
        "aniso": 0.225,
        "generalized_iso": 0.108,
        "generalized_aniso": 0.027,
        "plateau_iso": 0.108,
        "plateau_aniso": 0.027,
        "sinc": 0.1,
    }
    assert profiles.KERNEL_SIZES == (7, 9, 11, 13, 15, 17, 19, 21)
    assert profiles.OMEGA_STEP == 0.0628
    assert [profiles.omega_limits(size)[0] for size in (11, 13)] == [math.pi / 3, math.pi / 5]
    assert {profiles.omega_limits(size)[1] for size in profiles.KERNEL_SIZES} == {math.pi}


@pytest.mark.parametrize(
    ("stage", "sigma", "scale", "up", "down", "scale_step", "gaussian", "poisson"),
    [
        (STAGE_1, (0.2, 3.0), (0.15, 1.5), 0.2, 0.7, 0.015, (1.0, 30.0), (0.05, 3.0)),
        (STAGE_2, (0.2, 1.5), (0.3, 1.2), 0.3, 0.4, 0.03, (1.0, 25.0), (0.05, 2.5)),
    ],
)
def test_the_ranges_of_both_stages(
    stage: StageRanges,
    sigma: tuple[float, float],
    scale: tuple[float, float],
    up: float,
    down: float,
    scale_step: float,
    gaussian: tuple[float, float],
    poisson: tuple[float, float],
) -> None:
    blur, resize, noise = stage.blur, stage.resize, stage.noise
    assert (blur.sigma, blur.angle, blur.beta_gaussian, blur.beta_plateau) == (sigma, (-3.1416, 3.1416), (0.5, 4.0), (1.0, 2.0))
    steps = (blur.sigma_step, blur.angle_step, blur.beta_gaussian_step, blur.beta_plateau_step)
    assert steps == (0.02, 0.31416, 0.05, 0.1)
    assert (resize.scale, resize.up, resize.down, resize.step) == (scale, up, down, scale_step)
    assert (noise.gaussian, noise.poisson, noise.gaussian_probability, noise.gray_probability) == (gaussian, poisson, 0.5, 0.4)
    assert (noise.gaussian_step, noise.poisson_step) == (0.1, 0.005)
    assert (stage.quality, stage.quality_step) == ((30.0, 95.0), 3.0)


def test_probabilities_and_bit_rates_of_the_rest() -> None:
    """random_bitrate between 1e4 and 1e5 bits per frame; the second and the last blur with probability 0.8."""
    assert profiles.BIT_RATES == (10_000, 100_000)
    assert (profiles.BLUR_2_PROBABILITY, profiles.BLUR_FINAL_PROBABILITY, profiles.VIDEO_LAST_PROBABILITY) == (0.8, 0.8, 0.5)


def test_what_the_two_publications_do_differently() -> None:
    found = {
        name: (profile.channels, profile.peak, profile.sharpened, profile.video_may_be_last, profile.omega_final)
        for name, profile in PROFILES.items()
    }
    assert found == {
        "mgld": ("bgr", 255, False, False, (1.0472, 3.1416)),
        "realbasicvsr": ("rgb", 1, True, True, (3.1416 / 3, 3.1416)),
    }
