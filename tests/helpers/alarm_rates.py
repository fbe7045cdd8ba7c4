"""How often the quality alarm of nights is wrong, and how often it finds what is worse, by simulation.

python -m tests.helpers.alarm_rates    prints the table of docs/nightly.md

Ten clips with usual scores (PSNR 25 ± 3 dB, LPIPS 0.32 ± 0.06), of 32 frames each. A checkpoint moves every
clip by a skewed random amount, the same for all of its frames, and each frame by a little more. A loss differs from clip to clip
too: it varies by a quarter.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.nightly.quality import Series, quality_of

Scores = npt.NDArray[np.float64]
CLIPS: Final = 10
FRAMES: Final = 32
LPIPS_PER_DB: Final = 0.05
"""A noise of 0.02 dB goes with one of 0.001 of LPIPS."""


@dataclass(frozen=True)
class Checkpoint:
    """By clip: the mean over its frames."""

    psnr: Scores
    lpips: Scores


class Training:
    """Checkpoints of one training on one suite, each with noise of its own."""

    def __init__(self, generator: np.random.Generator, noise: float) -> None:
        """``noise``: the deviation of a clip's PSNR from checkpoint to checkpoint, in dB."""
        self._generator, self._noise = generator, noise
        self._psnr, self._lpips = generator.normal(25, 3, CLIPS), generator.normal(0.32, 0.06, CLIPS)

    def checkpoint(self, psnr_loss: float = 0.0, lpips_loss: float = 0.0) -> Checkpoint:
        """One that is worse by so much, on average over all clips that there could be."""
        return Checkpoint(
            self._psnr - psnr_loss * self._share() + self._moved(self._noise),
            self._lpips + lpips_loss * self._share() + self._moved(self._noise * LPIPS_PER_DB),
        )

    def _share(self) -> Scores:
        return np.clip(self._generator.normal(1, 0.25, CLIPS), 0.2, 1.8)

    def _moved(self, noise: float) -> Scores:
        # Gamma of shape 4: a skew of 1.
        clips = (self._generator.gamma(4.0, 0.5, CLIPS) - 2.0) * noise
        frames = self._generator.normal(0, 2 * noise, (CLIPS, FRAMES))
        return np.asarray(clips + frames.mean(axis=1), dtype=np.float64)


def alarms(reference: Checkpoint, candidate: Checkpoint) -> bool:
    """Whether a night on ``candidate`` is rejected."""
    names = [str(clip) for clip in range(CLIPS)]
    psnr = dict(zip(names, (candidate.psnr - reference.psnr).tolist(), strict=True))
    lpips = dict(zip(names, (reference.lpips - candidate.lpips).tolist(), strict=True))
    series = [Series("set", _facts("psnr.rgb"), psnr), Series("set", _facts("lpips.alex"), lpips)]
    return any(quality.alarm for quality in quality_of(series, "the reference"))


@cache
def _facts(metric: str) -> MetricFacts:
    return describe(metric)


def false_alarms(noise: float, series: int, nights: int = 20, seed: int = 1) -> int:
    """Alarms in so many series of nights of which none is worse."""
    generator = np.random.default_rng(seed)
    return sum(_alarms_in_a_series(Training(generator, noise), nights, drift=0.0).count(True) for _ in range(series))


def found(noise: float, psnr_loss: float, lpips_loss: float, trials: int, seed: int = 2) -> int:
    """How many of so many single losses are found."""
    generator = np.random.default_rng(seed)
    trainings = [Training(generator, noise) for _ in range(trials)]
    return sum(alarms(each.checkpoint(), each.checkpoint(psnr_loss, lpips_loss)) for each in trainings)


def drift_found(noise: float, drift: float, trials: int, seed: int = 3) -> list[int]:
    """The night, counted from the anchor, in which a loss of ``drift`` dB per night is found."""
    generator = np.random.default_rng(seed)
    return [_alarms_in_a_series(Training(generator, noise), 60, drift).index(True) + 1 for _ in range(trials)]


def _alarms_in_a_series(training: Training, nights: int, drift: float) -> list[bool]:
    anchor = accepted = training.checkpoint()
    seen = []
    for number in range(1, nights + 1):
        night = training.checkpoint(psnr_loss=drift * number)
        seen.append(alarms(anchor, night) or alarms(accepted, night))
        if seen[-1] and drift:
            break
        accepted = accepted if seen[-1] else night
    return seen


def table(trials: int = 400, series: int = 400) -> list[str]:
    """The rows of the table."""
    rows = []
    for noise in (0.0, 0.01, 0.02, 0.03, 0.05):
        wrong = false_alarms(noise, series) * 20 / series
        psnr, lpips = (found(noise, *loss, trials) / trials for loss in ((0.1, 0.0), (0.0, 0.005)))
        drift = drift_found(noise, 0.02, trials)
        nights = f"{np.median(drift):.0f}, {max(drift)}"
        rows.append(f"| {noise} dB, {noise * LPIPS_PER_DB:.4g} | {wrong:.2g} | {psnr:.0%} | {lpips:.0%} | {nights} |")
    return rows


if __name__ == "__main__":
    print("\n".join(table()))
