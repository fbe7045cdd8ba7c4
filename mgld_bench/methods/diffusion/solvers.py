"""Solvers of the probability-flow ODE: from noise to latents in fewer steps than the DDPM sampler, without drawing noise.

Between two noise levels the ODE is linear but for the clean latents that the network predicts. A solver takes these for a
polynomial in lambda, the logarithm of signal over noise: DDIM for a constant; DPM-Solver++ 2M for a line through the last two
predictions; UniPC likewise, and once the next prediction is known it does the step again with a parabola through all three.

Sources: Song et al., Denoising Diffusion Implicit Models, ICLR 2021; Lu et al., DPM-Solver++, 2022, algorithm 2; Zhao et al.,
UniPC, NeurIPS 2023, of order 2 with B(h) = exp(h) - 1, predicting clean latents.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from torch import Tensor

from mgld_bench.methods.diffusion.options import SolverName


@dataclass(frozen=True)
class _Level:
    """A noise level: latents are ``signal`` times the clean ones plus ``noise`` times standard normal noise."""

    signal: float
    noise: float

    @property
    def ratio(self) -> float:
        """lambda."""
        return math.log(self.signal / self.noise)


@dataclass(frozen=True)
class _Taken:
    """A step that was taken."""

    level: _Level
    """Where it started, as the latents and the prediction there."""
    latents: Tensor
    clean: Tensor
    slope: Tensor | None
    """Change of the prediction per lambda up to there; None: taken for constant."""
    span: float
    """From the level before, in lambda; 0: there was none."""
    arrived: Tensor
    """The latents that it gave."""


class Solver:
    """One way through a schedule; made anew for each.

    What moves the latents between two steps, as guidance does, is what the next step starts from; UniPC's second try keeps it.
    """

    def __init__(self, name: SolverName, signals: Iterable[float], noises: Iterable[float]) -> None:
        """Prepare the solver.

        Args:
            name: which one.
            signals: of the noise levels, in rising time: a schedule's ``sqrt_alphas_cumprod``.
            noises: ``sqrt_one_minus_alphas_cumprod``.
        """
        self._name = name
        self._levels = [_Level(float(signal), float(noise)) for signal, noise in zip(signals, noises, strict=True)]
        self._before: _Taken | None = None

    def advance(self, index: int, latents: Tensor, predicted: Tensor) -> Tensor:
        """The latents at level ``index - 1``; below level 0 the clean latents.

        Args:
            index: the level of ``latents``; each is called once, the last first.
            latents: what the step before returned, and moved since.
            predicted: the noise that the network sees in them.
        """
        level, before = self._levels[index], self._before
        clean = (latents - level.noise * predicted) / level.signal
        if index == 0:
            return clean
        span = level.ratio - before.level.ratio if before else 0.0
        slope = (clean - before.clean) / span if before and self._name != "ddim" else None
        if before and self._name == "unipc":
            moved = latents - before.arrived
            latents = _again(before, level, clean, span) + moved
        arrived = _step(latents, level, self._levels[index - 1], clean, slope)
        self._before = _Taken(level, latents, clean, slope, span, arrived)
        return arrived


def _step(latents: Tensor, level: _Level, following: _Level, clean: Tensor, slope: Tensor | None) -> Tensor:
    """The latents at the next level, with the prediction in the middle between both taken for constant."""
    ahead = following.ratio - level.ratio
    middle = clean if slope is None else clean + 0.5 * ahead * slope
    return following.noise / level.noise * latents - following.signal * math.expm1(-ahead) * middle


def _again(taken: _Taken, level: _Level, clean: Tensor, ahead: float) -> Tensor:
    """The latents at ``level``, by the same step with the prediction ``clean`` that it led to."""
    ahead_change = clean - taken.clean
    if taken.slope is None:
        mean = taken.clean + 0.5 * ahead_change
    else:
        # The means over the step of the line and of the parabola, weighted as the ODE weights them.
        first = -1 / math.expm1(-ahead) - 1 / ahead
        second = 2 * ((math.expm1(-ahead) / -ahead - 1) / -ahead - 0.5) / math.expm1(-ahead)
        of_past = (first - second) / (1 + taken.span / ahead)
        mean = taken.clean + of_past * ahead * taken.slope + (first - of_past) * ahead_change
    return level.noise / taken.level.noise * taken.latents - level.signal * math.expm1(-ahead) * mean
