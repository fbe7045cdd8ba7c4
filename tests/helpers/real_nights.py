"""Nights out of the scores of a real training: tests/nightly/data/training_noise.csv, made by benchmarks/training_noise.py."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from tests.helpers.alarm_rates import CLIPS, Checkpoint, Make, row
from tests.helpers.project import ROOT

METRICS: Final = ("psnr.rgb", "ssim.rgb")
UNSEEN: Final = 10
"""The first clips, which training did not see."""
KINDS: Final = ("averaged", "plain")
Table = npt.NDArray[np.float64]


@cache
def read(kind: str) -> Table:
    """The scores of a kind of checkpoints: (checkpoints, clips, metrics)."""
    with (ROOT / "tests/nightly/data/training_noise.csv").open(encoding="utf-8") as file:
        rows = [line for line in csv.DictReader(file) if line["training"] == kind]
    clips = len({line["clip"] for line in rows})
    values = np.array([[float(line[metric]) for metric in METRICS] for line in rows])
    return values.reshape(-1, clips, len(METRICS))


@cache
def chance(kind: str) -> Table:
    """What is left of the scores without each clip's trend (a parabola): how checkpoints differ by chance, all clips together."""
    scores = read(kind)
    steps = np.arange(len(scores), dtype=np.float64)
    flat = scores.reshape(len(scores), -1)
    trend = np.polynomial.polynomial.polyvander(steps, 2)
    left = flat - trend @ np.linalg.lstsq(trend, flat, rcond=None)[0]
    unbiased = np.sqrt(len(scores) / (len(scores) - 3))
    return np.asarray((left * unbiased).reshape(scores.shape), dtype=np.float64)


def real_loss() -> Table:
    """How a loss spreads, (clips, metrics), mean 1: what training cost the clips that it did not see, from first to last."""
    scores = read("averaged")[:, :UNSEEN]
    lost = scores[0] - scores[-1]
    return np.asarray(lost / lost.mean(axis=0), dtype=np.float64)


class RealTraining:
    """Ten of the clips; every checkpoint moves them as one of the real checkpoints did, ``strength`` times as much."""

    def __init__(self, generator: np.random.Generator, kind: str, strength: float = 1.0) -> None:
        self._generator = generator
        self._clips = generator.permutation(read(kind).shape[1])[:CLIPS]
        self._chance = chance(kind)[:, self._clips] * strength
        self._level = read(kind)[-1, self._clips]
        self._loss = real_loss()[generator.permutation(UNSEEN)]

    def checkpoint(self, losses: Mapping[str, float]) -> Checkpoint:
        """As `Training`."""
        moved = self._chance[self._generator.integers(len(self._chance))]
        return {
            metric: self._level[:, place] + moved[:, place] - losses.get(metric, 0.0) * self._loss[:, place]
            for place, metric in enumerate(METRICS)
        }


def real(kind: str, strength: float = 1.0) -> Make:
    """Trainings whose checkpoints differ as the real ones did."""
    return lambda generator: RealTraining(generator, kind, strength)


def noise_of(kind: str) -> tuple[float, float]:
    """The deviation of a clip's PSNR from checkpoint to checkpoint, and that of the mean over all clips, in dB."""
    left = chance(kind)[..., 0]
    return float(np.sqrt((left**2).mean())), float(np.sqrt((left.mean(axis=1) ** 2).mean()))


def real_table(trials: int = 100, series: int = 100) -> list[str]:
    """The rows of the real trainings."""
    rows = []
    for kind, strength in ((KINDS[0], 1.0), (KINDS[0], 2.0), (KINDS[1], 0.5), (KINDS[1], 1.0)):
        clip, mean = (value * strength for value in noise_of(kind))
        times = "" if strength == 1 else f", {strength:g} times"
        rows.append(row(f"{kind}{times}: {clip:.3f} dB, {mean:.3f} dB", real(kind, strength), METRICS[1], trials, series))
    return rows
