"""The sampler of StableSR and MGLD-VSR: from noise to latents, by DDPM or a solver, the networks run tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from mgld_bench.methods.diffusion.motion import Motion, guidance_gradient, merged_motion
from mgld_bench.methods.diffusion.noise import NoiseSchedule
from mgld_bench.methods.diffusion.options import GuidanceRule, SolverName
from mgld_bench.methods.diffusion.solvers import Solver
from mgld_bench.methods.tiling.diffusion import Box, boxes, gaussian_weights, tile_starts

Denoiser = Callable[[Tensor, Tensor, int], Tensor]
"""(noisy tiles, tiles of the condition, original step) -> predicted noise, all (tiles * frames, 4, size, size), tile after
tile."""
NoiseSource = Callable[[], Tensor]
"""Draws standard normal noise of the latents' shape, on their device, float32."""


@dataclass(frozen=True)
class LatentTiling:
    """How latents are cut for the networks, in latent pixels."""

    size: int = 64
    overlap: int = 32
    batch: int = 1
    """Tiles that go through the networks together; affects rounding only."""

    def places(self, height: int, width: int) -> list[Box]:
        """The places of the tiles in latents of this size. Raises ValueError if a side is shorter than a tile."""
        if min(height, width) < self.size:
            raise ValueError(f"latents of {width} x {height} are smaller than a tile of {self.size} x {self.size}")
        stride = self.size - self.overlap
        return boxes(tile_starts(height, self.size, stride), tile_starts(width, self.size, stride), self.size, self.size)


@dataclass(frozen=True)
class Guidance:
    """Guidance by motion."""

    motions: tuple[Motion, ...]
    """One for each segment; the segments lie one after the other in the latents, all of the same length."""
    strength: float
    """The paper's eta."""
    rule: GuidanceRule
    together: bool = False
    """Whether the gradient of all segments is computed in one call; affects rounding only."""

    def in_calls(self) -> tuple[Motion, ...]:
        """The motion for each call of guidance_gradient()."""
        return (merged_motion(self.motions),) if self.together else self.motions


@dataclass(frozen=True)
class Step:
    """The result of one step, each (t, 4, h, w) float32."""

    noise: Tensor
    """The predicted noise, merged from the tiles."""
    mean: Tensor
    """Of the posterior; of a solver, the result before guidance."""
    latents: Tensor


def noised(latents: Tensor, noise: Tensor, full: NoiseSchedule) -> Tensor:
    """Where sampling starts: ``latents`` with the noise of the last step of the schedule that is not thinned out."""
    return float(full.sqrt_alphas_cumprod[-1]) * latents + float(full.sqrt_one_minus_alphas_cumprod[-1]) * noise


def sampling_steps(
    start: Tensor,
    condition: Tensor,
    denoise: Denoiser,
    noise: NoiseSource,
    schedule: NoiseSchedule,
    tiling: LatentTiling,
    guidance: Guidance | None = None,
    solver: SolverName | None = None,
) -> Iterator[Step]:
    """Sample from noise to latents, step by step, in float32 and without gradients; the last step holds the result.

    The networks see tiles; the step itself and the guidance cover the whole canvas at once.

    Args:
        start: the noisy latents (t, 4, h, w) of the frames of one or more segments; see `noised`.
        condition: the latents of the LR frames, of the same shape.
        denoise: the networks.
        noise: called for every step, the last included, which adds no noise; a solver draws none.
        schedule: the steps.
        tiling: how latents are cut for the networks.
        guidance: the motion to follow; None: none. It acts after every step in the same strength, whatever the steps are.
        solver: in place of the authors' DDPM; None: that.

    Raises:
        ValueError: if a side is shorter than a tile.
    """
    canvas = _Canvas(condition, tiling)
    solving = None if solver is None else Solver(solver, schedule.sqrt_alphas_cumprod, schedule.sqrt_one_minus_alphas_cumprod)
    motions = () if guidance is None else guidance.in_calls()
    latents = start
    for index in range(len(schedule.timesteps) - 1, -1, -1):
        with torch.no_grad():
            predicted = canvas.predict(denoise, latents, schedule.timesteps[index])
            if solving is None:
                mean = _posterior_mean(schedule, index, latents, predicted)
                drawn = noise()
                latents = mean + _deviation(schedule, index) * drawn if index else mean
            else:
                latents = mean = solving.advance(index, latents, predicted)
            if guidance is not None:
                latents = latents - _guidance_step(schedule, index, latents, guidance, motions)
        yield Step(predicted, mean, latents)


class _Canvas:
    """The tiles of one canvas, and the prediction merged from them."""

    def __init__(self, condition: Tensor, tiling: LatentTiling) -> None:
        height, width = condition.shape[-2:]
        self._places = tiling.places(height, width)
        self._batches = [self._places[first : first + tiling.batch] for first in range(0, len(self._places), tiling.batch)]
        self._conditions = [_cut(condition, places) for places in self._batches]
        self._weights = gaussian_weights(tiling.size, tiling.size).to(condition.device)
        self._weight_sum = torch.zeros(height, width, device=condition.device)
        for place in self._places:
            place.of(self._weight_sum).add_(self._weights)

    def predict(self, denoise: Denoiser, latents: Tensor, timestep: int) -> Tensor:
        """The noise predicted for the whole canvas: the weighted mean of the tiles' predictions."""
        if len(self._places) == 1:
            return denoise(latents, self._conditions[0], timestep).float()
        total = torch.zeros_like(latents)
        for places, condition in zip(self._batches, self._conditions, strict=True):
            predicted = denoise(_cut(latents, places), condition, timestep).float()
            for place, tile in zip(places, predicted.chunk(len(places)), strict=True):
                place.of(total).add_(tile * self._weights)
        return total / self._weight_sum


def _cut(latents: Tensor, places: list[Box]) -> Tensor:
    return torch.cat([place.of(latents) for place in places])


def _posterior_mean(schedule: NoiseSchedule, index: int, latents: Tensor, predicted: Tensor) -> Tensor:
    clean = float(schedule.sqrt_recip_alphas_cumprod[index]) * latents
    clean = clean - float(schedule.sqrt_recipm1_alphas_cumprod[index]) * predicted
    return float(schedule.posterior_mean_coef1[index]) * clean + float(schedule.posterior_mean_coef2[index]) * latents


def _deviation(schedule: NoiseSchedule, index: int) -> float:
    return float(torch.exp(0.5 * torch.tensor(schedule.posterior_log_variance_clipped[index])))


def _guidance_step(
    schedule: NoiseSchedule, index: int, latents: Tensor, guidance: Guidance, motions: tuple[Motion, ...]
) -> Tensor:
    """What the guidance by ``motions`` (of ``guidance``, for each call) subtracts from the latents.

    Kept under the rule "official": its factor is the negative logarithm of the variance, where the paper's equation 3 has the
    variance, so that guidance grows towards the end (15 times the gradient at the first of 50 steps, 460 at the last).
    """
    parts = latents.chunk(len(motions))
    gradient = torch.cat([guidance_gradient(part, motion, guidance.rule) for part, motion in zip(parts, motions, strict=True)])
    if guidance.rule == "official":
        factor = -float(schedule.posterior_log_variance_clipped[index])
    else:
        factor = float(schedule.posterior_variance[index])
    return guidance.strength * factor * gradient
