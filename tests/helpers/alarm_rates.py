"""How often the quality alarm of nights is wrong, and how often it finds what is worse, by simulation.

python -m tests.helpers.alarm_rates    prints the tables of docs/nightly.md

A training gives checkpoints, whose scores are moved by chance: as a model states (`ModelledTraining`), or as those of a real one
were (`tests.helpers.real_nights`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.nightly.noise import LATEST, Noise, noise_of
from mgld_bench.nightly.quality import Series, quality_of

Scores = npt.NDArray[np.float64]
"""By clip: the means over its frames."""
Checkpoint = Mapping[str, Scores]
"""By metric."""
CLIPS: Final = 10
FRAMES: Final = 32
LPIPS_PER_DB: Final = 0.05
"""A noise of 0.02 dB goes with one of 0.001 of LPIPS."""
BEFORE: Final = 8
"""Nights before a single loss."""


class Training(Protocol):
    """Checkpoints of one training on one suite, each with noise of its own."""

    def checkpoint(self, losses: Mapping[str, float]) -> Checkpoint:
        """One that is worse by so much, by metric, on average over the clips."""


class ModelledTraining:
    """Ten clips with usual scores (PSNR 25 ± 3 dB, LPIPS 0.32 ± 0.06), of 32 frames each.

    A checkpoint moves every clip by a skewed random amount, the same for all of its frames, and each frame by a little more. A
    loss differs from clip to clip too: it varies by a quarter.
    """

    def __init__(self, generator: np.random.Generator, noise: float) -> None:
        """``noise``: the deviation of a clip's PSNR from checkpoint to checkpoint, in dB."""
        self._generator = generator
        self._noise = {"psnr.rgb": noise, "lpips.alex": noise * LPIPS_PER_DB}
        self._scores = {"psnr.rgb": generator.normal(25, 3, CLIPS), "lpips.alex": generator.normal(0.32, 0.06, CLIPS)}

    def checkpoint(self, losses: Mapping[str, float]) -> Checkpoint:
        """As `Training`."""
        return {
            metric: scores + _worse(metric, losses.get(metric, 0.0)) * self._share() + self._moved(self._noise[metric])
            for metric, scores in self._scores.items()
        }

    def _share(self) -> Scores:
        return np.clip(self._generator.normal(1, 0.25, CLIPS), 0.2, 1.8)

    def _moved(self, noise: float) -> Scores:
        # Gamma of shape 4: a skew of 1.
        clips = (self._generator.gamma(4.0, 0.5, CLIPS) - 2.0) * noise
        frames = self._generator.normal(0, 2 * noise, (CLIPS, FRAMES))
        return np.asarray(clips + frames.mean(axis=1), dtype=np.float64)


def modelled(noise: float) -> Callable[[np.random.Generator], Training]:
    """Trainings of this noise."""
    return lambda generator: ModelledTraining(generator, noise)


Make = Callable[[np.random.Generator], Training]


def false_alarms(make: Make, series: int, nights: int = 20, seed: int = 1) -> int:
    """Alarms in so many series of nights of which none is worse."""
    generator = np.random.default_rng(seed)
    return sum(_series(make(generator), [{}] * nights).count(True) for _ in range(series))


def found(make: Make, losses: Mapping[str, float], trials: int, seed: int = 2) -> int:
    """How many of so many single losses are found, each after BEFORE nights."""
    generator = np.random.default_rng(seed)
    return sum(_series(make(generator), [{}] * BEFORE + [losses])[-1] for _ in range(trials))


def drift_found(make: Make, drift: float, trials: int, seed: int = 3) -> list[int]:
    """The night, counted from the anchor, in which a loss of ``drift`` dB per night is found."""
    generator = np.random.default_rng(seed)
    slow = [{"psnr.rgb": drift * number} for number in range(1, 61)]
    return [_series(make(generator), slow).index(True) + 1 for _ in range(trials)]


def _series(training: Training, losses: Sequence[Mapping[str, float]]) -> list[bool]:
    """Which of the nights are rejected, one after the other as they happen."""
    anchor = training.checkpoint({})
    accepted, seen = [anchor], []
    for loss in losses:
        night, noise = training.checkpoint(loss), _noise(accepted)
        seen.append(_alarms(anchor, night, noise) or _alarms(accepted[-1], night, noise))
        if not seen[-1]:
            accepted.append(night)
    return seen


def _noise(accepted: Sequence[Checkpoint]) -> Mapping[str, Noise | None]:
    """As `night_noise` finds it."""
    means = {metric: [float(night[metric].mean()) for night in accepted[-LATEST:]] for metric in accepted[0]}
    return {metric: noise_of(np.diff(values).tolist()) for metric, values in means.items()}


def _alarms(reference: Checkpoint, candidate: Checkpoint, noise: Mapping[str, Noise | None]) -> bool:
    """Whether a night on ``candidate`` is rejected."""
    series = []
    for metric, scores in candidate.items():
        gains = (scores - reference[metric]) * -_worse(metric, 1.0)
        by_clip = {str(clip): gain for clip, gain in enumerate(gains.tolist())}
        series.append(Series("set", _facts(metric), by_clip, noise[metric]))
    return any(quality.alarm for quality in quality_of(series, "the reference"))


@cache
def _facts(metric: str) -> MetricFacts:
    return describe(metric)


def _worse(metric: str, loss: float) -> float:
    """A loss as a change of the score."""
    return -loss if _facts(metric).direction == "higher" else loss


def table(trials: int = 100, series: int = 100) -> list[str]:
    """The rows of the modelled trainings."""
    return [row(f"{noise} dB, {noise * LPIPS_PER_DB:.4g}", modelled(noise), "lpips.alex", trials, series) for noise in NOISES]


def row(title: str, make: Make, other: str, trials: int, series: int) -> str:
    """One row: false alarms, a loss of 0.1 dB, one of 0.005 of the ``other`` metric, a drift."""
    wrong = false_alarms(make, series) * 20 / series
    psnr, second = (found(make, losses, trials) / trials for losses in ({"psnr.rgb": 0.1}, {other: 0.005}))
    drift = drift_found(make, 0.02, trials)
    return f"| {title} | {wrong:.2g} | {psnr:.0%} | {second:.0%} | {np.median(drift):.0f}, {max(drift)} |"


NOISES: Final = (0.0, 0.01, 0.02, 0.03, 0.05)

if __name__ == "__main__":
    from tests.helpers.real_nights import real_table

    print("\n".join([*table(), "", *real_table()]))
