"""How often the intervals and tests of a user study are right, on simulated voters with known strengths.

    python benchmarks/vote_statistics.py [--studies 400] [--seed 0]

A participant likes some methods more than others do, and so it is with clips; both are drawn anew for every study (normal, in log
odds). The truth is what infinitely many participants would say of infinitely many clips: the votes' expected counts, by numerical
integration over tastes and contents, and the strengths that fit these best. docs/statistics.md has the figures;
tests/statistics/test_vote_simulation.py repeats a few of them with fewer studies.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from mgld_bench.statistics.bradley_terry import fit_strengths
from mgld_bench.statistics.choices import Choices, Numbers
from mgld_bench.statistics.several_tests import holm
from mgld_bench.statistics.strengths import strength_intervals
from mgld_bench.statistics.vote_shares import vote_share

TIE = 0.4
"""The odds of a tie against a decision for one of two equal methods."""


@dataclass(frozen=True)
class Voters:
    """Who votes on what."""

    people: int
    clips: int
    each: int
    """Votes of a participant."""
    strengths: tuple[float, ...]
    tastes: float
    """Standard deviation of a participant's own strength of a method."""
    contents: float
    """The same of a clip."""

    def study(self, random: np.random.Generator) -> Choices:
        """The votes of one study; over all pairs and clips as evenly as possible."""
        pairs = np.array(list(combinations(range(len(self.strengths)), 2)))
        cells = random.permutation(self.clips * len(pairs))
        participant = np.repeat(np.arange(self.people), self.each)
        cell = cells[np.arange(self.people * self.each) % len(cells)]
        clip, (first, second) = cell % self.clips, pairs[cell // self.clips].T
        own = self.tastes * random.standard_normal((self.people, len(self.strengths)))
        shown = self.contents * random.standard_normal((self.clips, len(self.strengths)))
        liked = np.asarray(self.strengths) + own[participant] + shown[clip]
        row = np.arange(len(cell))
        chance = _chances(liked[row, first] - liked[row, second])
        answer = (chance.cumsum(axis=1) < random.random((len(cell), 1))).sum(axis=1)
        return Choices(participant, clip, first, second, 1 - answer)

    def truth(self) -> tuple[Numbers, Numbers]:
        """The strengths, (methods,), and the shares, (methods, methods), of everybody on everything."""
        places, weights = np.polynomial.hermite_e.hermegauss(60)
        spread = math.sqrt(2 * (self.tastes**2 + self.contents**2))
        count = len(self.strengths)
        wins, ties = np.zeros((count, count)), np.zeros((count, count))
        for first, second in combinations(range(count), 2):
            chance = weights @ _chances(self.strengths[first] - self.strengths[second] + spread * places) / weights.sum()
            wins[first, second], ties[first, second], wins[second, first] = chance
            ties[second, first] = ties[first, second]
        return np.array(fit_strengths(wins, ties).values, dtype=np.float64), wins + ties / 2


@dataclass(frozen=True)
class Figures:
    """Rates over studies."""

    strengths: float
    """How often the interval of a strength holds the true one."""
    shares: float
    """The same of a share of votes."""
    decided: float
    """How often the test of a pair has p at most 0.05: where the methods are equal, false alarms."""
    family: float
    """How often at least one pair of a study is called different after Holm."""
    width: float
    """Of the intervals of strengths, on average."""
    unfitted: int
    """Strengths that had no best fit, of all: not counted above."""


def figures(voters: Voters, studies: int, seed: int = 0) -> Figures:
    """The rates over so many studies of these voters."""
    random = np.random.default_rng(seed)
    strengths, shares = voters.truth()
    held: list[bool] = []
    of_shares: list[bool] = []
    decided: list[bool] = []
    family: list[bool] = []
    widths: list[float] = []
    unfitted = 0
    for _ in range(studies):
        choices = voters.study(random)
        found = strength_intervals(choices, len(strengths))
        for interval, true in zip(found.intervals, strengths, strict=True):
            if interval is None:
                unfitted += 1
            else:
                held.append(interval[0] <= true <= interval[1])
                widths.append(interval[1] - interval[0])
        pairs = list(combinations(range(len(strengths)), 2))
        ps = []
        for first, second in pairs:
            share = vote_share(choices, first, second)
            if share is not None and share.interval is not None and share.p is not None:
                of_shares.append(share.interval[0] <= shares[first, second] <= share.interval[1])
                ps.append(share.p)
        decided += [p <= 0.05 for p in ps]
        family.append(min(holm(ps)) <= 0.05)
    return Figures(_rate(held), _rate(of_shares), _rate(decided), _rate(family), float(np.mean(widths)), unfitted)


def _rate(happened: Sequence[bool]) -> float:
    return sum(happened) / len(happened)


def _chances(difference: Numbers) -> Numbers:
    """The probabilities of the three answers, (votes, 3), by the difference of two strengths."""
    odds = np.stack([np.exp(difference / 2), np.full_like(difference, TIE), np.exp(-difference / 2)], axis=1)
    return np.asarray(odds / odds.sum(axis=1, keepdims=True), dtype=np.float64)


EQUAL, APART = (0.0,) * 4, (-1.2, -0.4, 0.4, 1.2)
STUDIES = (
    *((people, clips, tastes, EQUAL) for people, clips in ((6, 6), (10, 20), (20, 15), (40, 20)) for tastes in (0.0, 0.3, 0.8)),
    *((people, clips, 0.5, APART) for people, clips in ((6, 6), (10, 20), (20, 15), (40, 20))),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Simulate studies.")
    parser.add_argument("--studies", type=int, default=400)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    print("| participants | clips | spread | methods | strengths covered | shares covered | p <= 0.05 | family | width |")
    print("|---:|---:|---:|---|---:|---:|---:|---:|---:|")
    for people, clips, spread, strengths in STUDIES:
        found = figures(Voters(people, clips, 60, strengths, spread, spread), options.studies, options.seed)
        name = "equal" if strengths == EQUAL else "0.8 apart"
        rates = (found.strengths, found.shares, found.decided, found.family, found.width)
        print(f"| {people} | {clips} | {spread} | {name} | " + " | ".join(f"{rate:.3f}" for rate in rates) + " |", flush=True)


if __name__ == "__main__":
    main()
