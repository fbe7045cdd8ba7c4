"""The sampler of the diffusion methods, with networks that are plain functions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from mgld_bench.methods.diffusion.motion import Motion
from mgld_bench.methods.diffusion.noise import NoiseSchedule, SeededNoise, respaced_schedule, training_schedule
from mgld_bench.methods.diffusion.sampler import Denoiser, Guidance, LatentTiling, noised, sampling_steps

FULL = training_schedule()
SHAPE = torch.Size((3, 4, 20, 28))


def picture() -> Tensor:
    return torch.randn(SHAPE, generator=torch.Generator().manual_seed(5))


def knows(clean: Tensor, schedule: NoiseSchedule) -> Denoiser:
    """A network that knows the picture, which is its condition, and so predicts the noise exactly."""

    def denoise(latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
        index = schedule.timesteps.index(timestep)
        signal, noise = schedule.sqrt_alphas_cumprod[index], schedule.sqrt_one_minus_alphas_cumprod[index]
        return (latents - float(signal) * condition) / float(noise)

    return denoise


def local(latents: Tensor, condition: Tensor, timestep: int) -> Tensor:
    """A network that looks at the tile's mean: what it predicts differs from tile to tile."""
    return latents * 0.9 + condition.mean((2, 3), keepdim=True) * timestep / 1000


def last(denoise: Denoiser, steps: int, tiling: LatentTiling, guidance: Guidance | None = None) -> Tensor:
    source = SeededNoise([1], SHAPE[0], torch.device("cpu"), faithful=True)
    start = noised(picture(), source.draw(SHAPE), FULL)
    draw: Callable[[], Tensor] = lambda: source.draw(SHAPE)  # noqa: E731
    *_, step = sampling_steps(start, picture(), denoise, draw, respaced_schedule(steps, FULL), tiling, guidance)
    return step.latents


def still(strength: float) -> Guidance:
    flow = torch.zeros(2, 2, *SHAPE[-2:])
    seen = torch.zeros(2, 1, *SHAPE[-2:], dtype=torch.bool)
    return Guidance((Motion(flow, flow, seen, seen),), strength, "paper")


@pytest.mark.parametrize("steps", [1, 2, 7, 50])
def test_a_network_that_knows_the_picture_restores_it(steps: int) -> None:
    restored = last(knows(picture(), respaced_schedule(steps, FULL)), steps, LatentTiling(8, 4))
    torch.testing.assert_close(restored, picture(), rtol=0, atol=2e-3)


@pytest.mark.parametrize("batch", [2, 3, 100])
def test_tiles_together_give_what_they_give_one_by_one(batch: int) -> None:
    torch.testing.assert_close(
        last(local, 4, LatentTiling(8, 4, batch)), last(local, 4, LatentTiling(8, 4)), rtol=1e-5, atol=1e-5
    )


def test_one_tile_is_the_whole_canvas_and_many_are_not() -> None:
    assert (last(local, 4, LatentTiling(20, 10)) - last(local, 4, LatentTiling(8, 4))).abs().max() > 1e-2


def test_a_canvas_smaller_than_a_tile_is_an_error() -> None:
    with pytest.raises(ValueError, match="28 x 20 are smaller than a tile of 24 x 24"):
        last(local, 4, LatentTiling(24, 12))


def test_guidance_draws_frames_together_and_none_leaves_them() -> None:
    free = last(local, 10, LatentTiling(20, 10))
    torch.testing.assert_close(last(local, 10, LatentTiling(20, 10), still(0.0)), free, rtol=0, atol=0)
    guided = last(local, 10, LatentTiling(20, 10), still(0.05))
    assert (guided[1:] - guided[:-1]).abs().mean() < 0.9 * (free[1:] - free[:-1]).abs().mean()


def test_noise_of_pieces_is_the_same_however_many_are_drawn_together() -> None:
    together = SeededNoise([3, 4], 2, torch.device("cpu"), faithful=True)
    both = [together.posterior(torch.Size((4, 1, 5, 5))), together.draw(torch.Size((4, 1, 5, 5)))]
    for index, seed in enumerate((3, 4)):
        alone = SeededNoise([seed], 2, torch.device("cpu"), faithful=True)
        parts = [alone.posterior(torch.Size((2, 1, 5, 5))), alone.draw(torch.Size((2, 1, 5, 5)))]
        assert all(torch.equal(all_[2 * index : 2 * index + 2], part) for all_, part in zip(both, parts, strict=True))


def test_a_schedule_has_one_to_all_steps() -> None:
    assert respaced_schedule(1000, FULL).timesteps == tuple(range(1000))
    assert respaced_schedule(1, FULL).timesteps == (0,)
    for steps in (0, 1001):
        with pytest.raises(ValueError, match="1 to 1000"):
            respaced_schedule(steps, FULL)


def test_segments_together_are_guided_each_by_its_own_motion() -> None:
    both = torch.cat([picture(), picture().flip(0)])
    schedule, draw = respaced_schedule(3, FULL), lambda: torch.zeros_like(both)
    motions = still(0.1).motions * 2
    *_, together = sampling_steps(both, both, local, draw, schedule, LatentTiling(8, 4, 3), Guidance(motions, 0.1, "official"))
    for place, part in enumerate(both.chunk(2)):
        guidance = Guidance(motions[:1], 0.1, "official")
        *_, alone = sampling_steps(part, part, local, lambda: torch.zeros_like(both[:3]), schedule, LatentTiling(8, 4), guidance)
        torch.testing.assert_close(together.latents.chunk(2)[place], alone.latents, rtol=1e-4, atol=1e-4)


def test_noise_comes_from_the_cpu_on_every_device_unless_it_has_to_be_that_of_the_authors_device() -> None:
    """The device meta stands for any but the CPU; it has no generator, so that drawing from one would fail."""
    meta, cpu = torch.device("meta"), torch.device("cpu")
    noise, there = SeededNoise([7], 2, meta, faithful=False), SeededNoise([7], 2, cpu, faithful=False)
    assert noise.draw(SHAPE).device == meta
    there.draw(SHAPE)
    assert torch.equal(noise._later[0].get_state(), there._later[0].get_state())
    with pytest.raises(RuntimeError):
        SeededNoise([7], 2, meta, faithful=True)
    assert torch.equal(SeededNoise([7], 2, cpu, faithful=True).draw(SHAPE), SeededNoise([7], 2, cpu, faithful=False).draw(SHAPE))
