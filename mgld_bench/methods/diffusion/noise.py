"""The noise of Stable Diffusion: how much there is at each step, and the random numbers that it is drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from mgld_bench.methods.diffusion.options import TRAINING_STEPS

LINEAR_START = 0.00085
LINEAR_END = 0.012
_LEAST_VARIANCE = 1e-20
"""Keeps the logarithm of the last step's variance, which is 0, finite: -46.05."""

Values = NDArray[np.float32]


@dataclass(frozen=True)
class NoiseSchedule:
    """Everything that depends on the step alone: arrays (steps,) float32, in rising time.

    The names are those of the buffers in the authors' checkpoints.
    """

    timesteps: tuple[int, ...]
    """The step of the 1000-step schedule that each step stands for, which the networks are given."""
    betas: Values
    alphas_cumprod: Values
    alphas_cumprod_prev: Values
    sqrt_alphas_cumprod: Values
    sqrt_one_minus_alphas_cumprod: Values
    log_one_minus_alphas_cumprod: Values
    sqrt_recip_alphas_cumprod: Values
    sqrt_recipm1_alphas_cumprod: Values
    posterior_variance: Values
    posterior_log_variance_clipped: Values
    posterior_mean_coef1: Values
    posterior_mean_coef2: Values


def training_schedule(start: float = LINEAR_START, end: float = LINEAR_END, steps: int = TRAINING_STEPS) -> NoiseSchedule:
    """The schedule the networks were trained with: the square roots of the betas are evenly spaced."""
    return _schedule(np.linspace(start**0.5, end**0.5, steps, dtype=np.float64) ** 2, tuple(range(steps)))


def respaced_schedule(steps: int, full: NoiseSchedule) -> NoiseSchedule:
    """``steps`` of the ``full`` schedule, evenly spread, the first and the last included.

    Kept for the same numbers: the new betas come from the float32 products of the full schedule, and stay float32. Source: the
    authors' space_timesteps.

    >>> respaced_schedule(5, training_schedule()).timesteps
    (0, 250, 500, 749, 999)

    Raises:
        ValueError: for fewer than one or more than all steps.
    """
    kept = _spread(steps, len(full.timesteps))
    products = full.alphas_cumprod[list(kept)]
    before = np.append(np.float32(1), products[:-1])
    return _schedule(np.float32(1) - products / before, kept)


class SeededNoise:
    """Standard normal noise, float32, for segments or frames that are restored together: each draws from its own seed.

    So the frames do not depend on how many are restored together. All of it is drawn by the CPU's generator, the same for every
    device, unless ``faithful``.
    """

    def __init__(self, seeds: Sequence[int], frames: int, device: torch.device, faithful: bool) -> None:
        """Seed the generators.

        Args:
            seeds: one for each segment or frame.
            frames: of each of these; 1 for single frames.
            device: where the noise is used.
            faithful: kept from the authors' scripts, so that a GPU draws what it drew there: only the sample of the first
                stage's posterior comes from the CPU's generator, everything after it from the device's.
        """
        self._device = device
        self._frames = frames
        self._on_cpu = [torch.Generator().manual_seed(seed) for seed in seeds]
        self._later = self._on_cpu
        if faithful and device.type != "cpu":
            self._later = [torch.Generator(device).manual_seed(seed) for seed in seeds]

    def posterior(self, shape: torch.Size) -> Tensor:
        """Noise of ``shape`` (n, ...), all frames together, for the sample of the posterior; to be drawn first."""
        return self._draw(shape, self._on_cpu)

    def draw(self, shape: torch.Size) -> Tensor:
        """Noise of ``shape`` (n, ...), all frames together, for the start and then for each step."""
        return self._draw(shape, self._later)

    def _draw(self, shape: torch.Size, sources: Sequence[torch.Generator]) -> Tensor:
        each = torch.Size((self._frames, *shape[1:]))
        drawn = torch.cat([torch.randn(each, generator=source, device=source.device) for source in sources])
        if drawn.device.type == "cpu" and self._device.type == "cuda":
            # From memory that a GPU can read itself, so that nothing waits for its queued work.
            return drawn.pin_memory().to(self._device, non_blocking=True)
        return drawn.to(self._device)


def _spread(steps: int, total: int) -> tuple[int, ...]:
    if not 1 <= steps <= total:
        raise ValueError(f"{steps} steps: a schedule of {total} has 1 to {total}")
    stride = (total - 1) / (steps - 1) if steps > 1 else 1.0
    places, position = [], 0.0
    for _ in range(steps):
        # A sum of strides, not a product: its rounding errors decide halves, as in the authors' code.
        places.append(round(position))
        position += stride
    return tuple(places)


def _schedule(betas: NDArray[Any], timesteps: tuple[int, ...]) -> NoiseSchedule:
    """What follows from the betas, computed in their own type and, with the products before them, in double precision."""
    alphas = 1 - betas
    products = np.cumprod(alphas)
    before = np.append(1.0, products[:-1])
    variance = betas * (1 - before) / (1 - products)
    return NoiseSchedule(
        timesteps=timesteps,
        betas=_stored(betas),
        alphas_cumprod=_stored(products),
        alphas_cumprod_prev=_stored(before),
        sqrt_alphas_cumprod=_stored(np.sqrt(products)),
        sqrt_one_minus_alphas_cumprod=_stored(np.sqrt(1 - products)),
        log_one_minus_alphas_cumprod=_stored(np.log(1 - products)),
        sqrt_recip_alphas_cumprod=_stored(np.sqrt(1 / products)),
        sqrt_recipm1_alphas_cumprod=_stored(np.sqrt(1 / products - 1)),
        posterior_variance=_stored(variance),
        posterior_log_variance_clipped=_stored(np.log(np.maximum(variance, _LEAST_VARIANCE))),
        posterior_mean_coef1=_stored(betas * np.sqrt(before) / (1 - products)),
        posterior_mean_coef2=_stored((1 - before) * np.sqrt(alphas) / (1 - products)),
    )


def _stored(values: NDArray[Any]) -> Values:
    return values.astype(np.float32)
