"""One step of the sampler by the formulas of DDPM, with and without guidance, and the numbers of Stable Diffusion's schedule."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from mgld_bench.methods.diffusion.motion import Motion, guidance_gradient
from mgld_bench.methods.diffusion.noise import NoiseSchedule, respaced_schedule, training_schedule
from mgld_bench.methods.diffusion.options import GuidanceRule
from mgld_bench.methods.diffusion.sampler import Guidance, LatentTiling, Step, noised, sampling_steps

FULL = training_schedule()
SHAPE = (3, 4, 12, 12)
"""One tile."""
TILING = LatentTiling(12, 6)


def drawn(seed: int) -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(seed))


def moving() -> Motion:
    flow = torch.full((2, 2, *SHAPE[-2:]), 0.75)
    seen = torch.zeros(2, 1, *SHAPE[-2:], dtype=torch.bool)
    return Motion(flow, -flow, seen, seen)


def steps_of(schedule: NoiseSchedule, guidance: Guidance | None = None) -> list[Step]:
    return list(
        sampling_steps(drawn(1), drawn(2), lambda x, c, _: 0.3 * x + 0.1 * c, lambda: drawn(3), schedule, TILING, guidance)
    )


def test_a_step_is_the_posteriors_mean_plus_its_deviation_times_the_noise() -> None:
    """Ho et al., Denoising Diffusion Probabilistic Models, equations 6, 7 and 9, in double precision from the betas."""
    schedule = respaced_schedule(4, FULL)
    betas = schedule.betas.astype(np.float64)
    products = np.cumprod(1 - betas)
    before = np.append(1.0, products[:-1])
    latents = drawn(1).double()
    for index, step in zip((3, 2, 1, 0), steps_of(schedule), strict=True):
        predicted = 0.3 * latents + 0.1 * drawn(2)
        clean = (latents - math.sqrt(1 - products[index]) * predicted) / math.sqrt(products[index])
        own = math.sqrt(1 - betas[index]) * (1 - before[index]) / (1 - products[index])
        mean = math.sqrt(before[index]) * betas[index] / (1 - products[index]) * clean + own * latents
        variance = betas[index] * (1 - before[index]) / (1 - products[index])
        latents = mean + math.sqrt(variance) * drawn(3) if index else mean
        torch.testing.assert_close(step.noise.double(), predicted, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(step.mean.double(), mean, rtol=1e-4, atol=1e-4)
        torch.testing.assert_close(step.latents.double(), latents, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("rule", ["official", "paper"])
def test_guidance_subtracts_eta_times_the_rules_factor_times_the_gradient(rule: GuidanceRule) -> None:
    """paper: sigma_t^2, the posterior's variance (equation 3); official: minus its logarithm, as the authors' code computes."""
    schedule, eta = respaced_schedule(4, FULL), 10.0
    unguided = steps_of(schedule)[0].latents
    guided = steps_of(schedule, Guidance((moving(),), eta, rule))[0].latents
    products = np.cumprod(1 - schedule.betas.astype(np.float64))
    variance = float(schedule.betas[3]) * (1 - products[2]) / (1 - products[3])
    factor = variance if rule == "paper" else -math.log(variance)
    expected = eta * factor * guidance_gradient(unguided, moving(), rule)
    assert expected.abs().max() > 1e-3
    torch.testing.assert_close(unguided - guided, expected, rtol=1e-3, atol=1e-5)


def test_the_factors_at_the_first_and_last_of_fifty_steps() -> None:
    """Worked out from the betas of Stable Diffusion: the official rule's grows, the paper's falls to 0."""
    schedule = respaced_schedule(50, FULL)
    assert -float(schedule.posterior_log_variance_clipped[-1]) == pytest.approx(1.544, abs=0.01)
    assert -float(schedule.posterior_log_variance_clipped[0]) == pytest.approx(-math.log(1e-20), abs=0.01)
    assert float(schedule.posterior_variance[0]) == 0
    assert float(schedule.posterior_variance[-1]) == pytest.approx(math.exp(-1.544), rel=0.01)


def test_the_training_schedule_is_stable_diffusions() -> None:
    """linear_start 0.00085, linear_end 0.012, 1000 steps, as v2-inference.yaml of Stability-AI/stablediffusion has them."""
    assert len(FULL.timesteps) == 1000
    assert (float(FULL.betas[0]), float(FULL.betas[-1])) == pytest.approx((0.00085, 0.012))
    assert float(FULL.betas[500]) == pytest.approx(
        (math.sqrt(0.00085) + (math.sqrt(0.012) - math.sqrt(0.00085)) * 500 / 999) ** 2
    )
    assert float(FULL.alphas_cumprod[-1]) == pytest.approx(0.0046600, rel=1e-3)


def test_sampling_starts_from_the_latents_at_the_last_step_of_the_full_schedule() -> None:
    start = noised(drawn(4), drawn(5), FULL)
    expected = math.sqrt(float(FULL.alphas_cumprod[999])) * drawn(4) + math.sqrt(1 - float(FULL.alphas_cumprod[999])) * drawn(5)
    torch.testing.assert_close(start, expected, rtol=1e-5, atol=1e-5)
