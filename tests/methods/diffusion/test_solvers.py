"""The solvers that take fewer steps: against the ODE's exact solution, and against the schedulers of diffusers."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest
import torch
from torch import Tensor

from mgld_bench.methods.diffusion.motion import Motion
from mgld_bench.methods.diffusion.noise import respaced_schedule, training_schedule
from mgld_bench.methods.diffusion.options import SolverName
from mgld_bench.methods.diffusion.sampler import Guidance, LatentTiling, sampling_steps
from mgld_bench.methods.diffusion.solvers import Solver
from mgld_bench.methods.mgld import MGLDOptions
from tests.methods.diffusion.golden_solvers import FILE, SOLVERS, START, STEPS, predicted

GOLDEN = json.loads(FILE.read_text())
MEAN, DEVIATION = 0.7, 0.3
"""Of clean latents that are normally distributed: the best prediction is known then, and so is where every start ends."""


def far_from_exact(name: SolverName, steps: int) -> float:
    """The largest error at the last of ``steps`` noise levels, equally far apart in lambda."""
    ratios = np.linspace(3.0, -2.6, steps + 1)
    noises = 1 / np.sqrt(1 + np.exp(2 * ratios))
    signals = np.exp(ratios) * noises
    solver = Solver(name, signals, noises)
    latents = start = torch.tensor([1.3, -0.4], dtype=torch.float64)
    for index in range(steps, 0, -1):
        signal, noise = signals[index], noises[index]
        best = noise * (latents - signal * MEAN) / (signal**2 * DEVIATION**2 + noise**2)
        latents = solver.advance(index, latents, best)
    # The ODE keeps how many standard deviations a value lies from the mean.
    places = (start - signals[-1] * MEAN) / math.hypot(signals[-1] * DEVIATION, noises[-1])
    exact = signals[0] * MEAN + places * math.hypot(signals[0] * DEVIATION, noises[0])
    return float((latents - exact).abs().max())


@pytest.mark.parametrize(("name", "order"), [("ddim", 1), ("dpmpp-2m", 2), ("unipc", 3)])
def test_half_the_step_divides_the_error_by_two_to_the_order(name: SolverName, order: int) -> None:
    coarse, fine = far_from_exact(name, 40), far_from_exact(name, 80)
    assert math.log2(coarse / fine) == pytest.approx(order, abs=0.15)
    assert fine < {1: 1e-2, 2: 2e-4, 3: 2e-5}[order]


@pytest.mark.parametrize("name", SOLVERS)
@pytest.mark.parametrize("steps", STEPS)
def test_as_the_schedulers_of_diffusers(name: SolverName, steps: int) -> None:
    schedule = respaced_schedule(steps, training_schedule())
    solver = Solver(name, schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod)
    latents = torch.tensor(START, dtype=torch.float64)
    for index in range(steps - 1, -1, -1):
        latents = solver.advance(index, latents, predicted(latents, schedule.timesteps[index]))
    assert latents.tolist() == pytest.approx(GOLDEN[name][str(steps)], rel=1e-5, abs=1e-5)


def sampled(name: SolverName | None, steps: int, guidance: Guidance | None = None) -> Tensor:
    """Latents by the whole sampler, with a network that is a plain function."""
    start = torch.randn(3, 4, 8, 8, generator=torch.Generator().manual_seed(1))

    def drawn() -> Tensor:
        assert name is None, "a solver draws no noise"
        return torch.zeros_like(start)

    schedule = respaced_schedule(steps, training_schedule())
    denoise = lambda latents, condition, timestep: predicted(latents, timestep)  # noqa: E731
    *_, last = sampling_steps(start, start, denoise, drawn, schedule, LatentTiling(8, 4), guidance, name)
    return last.latents


@pytest.mark.parametrize("name", SOLVERS)
def test_guidance_draws_frames_together_and_none_leaves_them(name: SolverName) -> None:
    flow, seen = torch.zeros(2, 2, 8, 8), torch.zeros(2, 1, 8, 8, dtype=torch.bool)
    motion = Motion(flow, flow, seen, seen)
    free = sampled(name, 10)
    assert torch.equal(sampled(name, 10, Guidance((motion,), 0.0, "paper")), free)
    guided = sampled(name, 10, Guidance((motion,), 0.05, "paper"))
    assert (guided[1:] - guided[:-1]).abs().mean() < 0.95 * (free[1:] - free[:-1]).abs().mean()


def test_what_moves_latents_between_steps_is_kept_when_unipc_does_a_step_again() -> None:
    """With a prediction that never changes, every step is exact, so that all that is left is what moved them."""
    schedule = respaced_schedule(4, training_schedule())
    solver = Solver("unipc", schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod)
    latents, clean = torch.full((2,), 1.5, dtype=torch.float64), torch.tensor([0.2, -0.1], dtype=torch.float64)
    for index in (3, 2, 1):
        signal, noise = float(schedule.sqrt_alphas_cumprod[index]), float(schedule.sqrt_one_minus_alphas_cumprod[index])
        before = latents
        latents = solver.advance(index, latents, (latents - signal * clean) / noise) + 0.3
        following = schedule.sqrt_alphas_cumprod[index - 1], schedule.sqrt_one_minus_alphas_cumprod[index - 1]
        expected = float(following[0]) * clean + float(following[1]) / noise * (before - signal * clean) + 0.3
        torch.testing.assert_close(latents, expected, rtol=1e-9, atol=1e-9)


def test_the_authors_sampler_is_the_default_and_stands_in_no_key() -> None:
    assert "sampler" not in MGLDOptions().model_dump(mode="json")
    assert MGLDOptions(sampler="unipc").model_dump(mode="json")["sampler"] == "unipc"
