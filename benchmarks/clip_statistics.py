"""How often intervals cover the truth and tests raise false alarms, on simulated scores of clips that look like real ones.

    python benchmarks/clip_statistics.py [--repetitions 4000] [--seed 0]

A clip's score is its content (which differs by several dB between clips and is the same for all methods) plus what each method
makes of that clip. Differences between methods are normal, or skewed as where a method is far better on a few clips and slightly
worse on the others (a centred exponential distribution, skewness 2). Several metrics of a method are correlated (0.8).
docs/statistics.md has the figures; tests/statistics/test_simulation.py repeats a few of them with fewer repetitions.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence

import numpy as np

from mgld_bench.statistics.bootstrap import FEWEST_CLIPS, bootstrap_interval
from mgld_bench.statistics.change_points import change_points
from mgld_bench.statistics.equivalence import equivalence_p
from mgld_bench.statistics.intervals import Interval, mean_interval
from mgld_bench.statistics.paired import compare_pairs
from mgld_bench.statistics.power import detectable_effect
from mgld_bench.statistics.ranks import rank_of
from mgld_bench.statistics.several_sets import compare_sets
from mgld_bench.statistics.several_tests import holm
from mgld_bench.statistics.sign_flips import sign_flip_p

Shape = str
SHAPES: tuple[Shape, ...] = ("normal", "skewed")
CLIPS = (4, 10, 30, 50)
CONTENT = 3.0
"""Standard deviation of PSNR between clips, dB."""
SPREAD = 0.3
"""Standard deviation of a method's difference to another between clips, dB."""
CORRELATION = 0.8


class Simulation:
    """Figures from a number of repetitions; the same seed gives the same figures."""

    def __init__(self, repetitions: int, seed: int = 0) -> None:
        self.repetitions = repetitions
        self.random = np.random.default_rng(seed)

    def scores(self, clips: int, effects: Sequence[float]) -> list[list[float]]:
        """The scores of one method per effect, whose true means differ by these effects, on the same clips."""
        content = self.random.normal(28, CONTENT, clips)
        return [list(content + effect + SPREAD / 2**0.5 * self.random.standard_normal(clips)) for effect in effects]

    def differences(self, clips: int, shape: Shape, effect: float = 0.0) -> list[float]:
        """Differences of two methods whose true mean is ``effect`` dB."""
        own = self.random.standard_normal(clips) if shape == "normal" else self.random.exponential(1.0, clips) - 1.0
        return list(effect + SPREAD * own)

    def rate(self, happens: Callable[[], bool]) -> float:
        """How often it happens."""
        return sum(happens() for _ in range(self.repetitions)) / self.repetitions

    def coverage(self, clips: int, shape: Shape, interval: Callable[[Sequence[float]], Interval | None] = mean_interval) -> float:
        """How often a 95 % interval of the mean difference holds the true one."""
        return self.rate(lambda: _holds(interval(self.differences(clips, shape)), 0.0))

    def false_alarms(self, clips: int, shape: Shape) -> float:
        """How often the sign-flip test finds a difference where there is none."""
        return self.rate(lambda: sign_flip_p(self.differences(clips, shape)) <= 0.05)

    def false_verdicts(self, clips: int, shape: Shape) -> float:
        """How often a verdict "better" or "worse", which needs both p and an interval without 0, is wrong so."""
        return self.rate(lambda: _decides(self.differences(clips, shape)))

    def family(self, clips: int, methods: int) -> float:
        """How often at least one of several methods, all as good as the reference, is called different after Holm."""

        def happens() -> bool:
            first, *others = self.scores(clips, [0.0] * (methods + 1))
            return min(holm([compare_pairs(first, other).p for other in others])) <= 0.05

        return self.rate(happens)

    def metrics_family(self, clips: int, metrics: int) -> float:
        """How often at least one of several correlated metrics finds a difference where there is none; uncorrected."""
        mixing = np.linalg.cholesky(np.full((metrics, metrics), CORRELATION) + (1 - CORRELATION) * np.eye(metrics))
        return self.rate(
            lambda: any(sign_flip_p(list(row)) <= 0.05 for row in mixing @ self.random.standard_normal((metrics, clips)))
        )

    def power(self, clips: int) -> float | None:
        """How often a difference of the size that is called detectable is found."""
        effect = detectable_effect(clips)
        if effect is None:
            return None
        return self.rate(lambda: sign_flip_p(self.differences(clips, "normal", effect * SPREAD)) <= 0.05)

    def sets(self, sizes: Sequence[int], shape: Shape) -> tuple[float, float]:
        """Of several sets with different spreads: how often the interval covers, and how often the test raises a false alarm."""
        found = [
            compare_sets({str(place): self._set(place, size, shape) for place, size in enumerate(sizes)})
            for _ in range(self.repetitions)
        ]
        covered = sum(each is not None and _holds(each.interval, 0.0) for each in found)
        alarms = sum(each is not None and each.p <= 0.05 for each in found)
        return covered / self.repetitions, alarms / self.repetitions

    def ranks(self, clips: int, methods: int, step: float) -> float:
        """How often the true rank of a method is within its interval; neighbours differ by ``step`` dB."""

        def happens() -> bool:
            mine = int(self.random.integers(methods))
            found = rank_of(mine, self.scores(clips, [-step * place for place in range(methods)]), True)
            return found.best <= mine + 1 <= found.worst

        return self.rate(happens)

    def false_equivalence(self, clips: int, shape: Shape, margin: float = 0.1) -> float:
        """How often a method that is worse by exactly the margin is called equivalent within it."""
        return self.rate(lambda: (equivalence_p(self.differences(clips, shape, -margin), margin) or 1.0) <= 0.05)

    def steps(self, nights: int, step: float) -> float:
        """How often a step of so many deviations in the middle of a series is found to within a night; of 0: any step at all."""
        middle = nights // 2

        def happens() -> bool:
            series = self.random.standard_normal(nights) + step * (np.arange(nights) >= middle)
            found = change_points(list(100 + series))
            return any(abs(point - middle) <= 1 for point in found) if step else bool(found)

        return self.rate(happens)

    def _set(self, place: int, size: int, shape: Shape) -> list[float]:
        return [(1 + place) * value for value in self.differences(size, shape)]


def _holds(interval: Interval | None, truth: float) -> bool:
    return interval is not None and interval.low <= truth <= interval.high


def _decides(differences: Sequence[float]) -> bool:
    return sign_flip_p(differences) <= 0.05 and not _holds(mean_interval(differences), 0.0)


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate coverage and false alarms.")
    parser.add_argument("--repetitions", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    run = Simulation(options.repetitions, options.seed)
    few = Simulation(max(1, options.repetitions // 4), options.seed)
    _by_clips(run, few)
    print()
    for clips in CLIPS:
        equivalent = ", ".join(f"{run.false_equivalence(clips, shape):.3f} {shape}" for shape in SHAPES)
        print(f"{clips} clips: a method worse by the margin is called equivalent: {equivalent}")
        print(f"{clips} clips: a false alarm among 8 methods after Holm: {few.family(clips, 8):.3f}")
        print(f"{clips} clips: a false alarm in any of 3 correlated metrics: {run.metrics_family(clips, 3):.3f}", flush=True)
    for clips in (10, 30):
        print(f"{clips} clips, 9 methods 0.1 dB apart: the rank interval covers {few.ranks(clips, 9, 0.1):.3f}", flush=True)
    for shape in SHAPES:
        covered, alarms = run.sets((4, 10, 30), shape)
        print(
            f"sets of 4, 10 and 30 clips together, {shape}: interval covers {covered:.3f}, false alarms {alarms:.3f}", flush=True
        )
    for nights in (20, 60):
        print(f"{nights} nights: false steps {few.steps(nights, 0.0):.3f}, of 3 deviations found {few.steps(nights, 3.0):.3f}")


def _by_clips(run: Simulation, few: Simulation) -> None:
    heads = ("clips", "differences", "t covers", "BCa covers", "test: false alarms", "verdict: false alarms", "power")
    print(f"| {' | '.join(heads)} |\n| ---: | --- | ---: | ---: | ---: | ---: | ---: |")
    for clips in CLIPS:
        for shape in SHAPES:
            figures = (
                run.coverage(clips, shape),
                few.coverage(clips, shape, bootstrap_interval) if clips >= FEWEST_CLIPS else None,
                run.false_alarms(clips, shape),
                run.false_verdicts(clips, shape),
                run.power(clips) if shape == "normal" else None,
            )
            cells = ("–" if figure is None else f"{figure:.3f}" for figure in figures)
            print(f"| {clips} | {shape} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
