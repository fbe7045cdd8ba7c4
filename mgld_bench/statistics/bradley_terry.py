"""Strengths of methods from votes between pairs: the Bradley-Terry model with ties, by Davidson (1970).

A method's strength s is on the scale of log odds. Of methods i and j, with t = log of the tie parameter,

    P(i preferred) : P(j preferred) : P(tie)  =  exp(s_i) : exp(s_j) : exp(t + (s_i + s_j) / 2)

so that without ties, a strength that is 1 higher means odds of 2.7 to 1. It is fitted by maximum likelihood (Newton's method; the
likelihood is concave). Only differences of strengths mean something: those of methods that can be compared sum to 0.

Not all votes have a finite best fit. A method that never lost has none: the likelihood rises for ever with its strength. Such
methods are named and left out (a strength of "very high" would be made up), and the others are fitted without them, which is
where the fit would go in the limit. With ties there is a second case: A beats B five times, ties five times, never loses. There
no strength and no tie parameter is best either; the condition is that no circle of preferences has more decisions than ties.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mgld_bench.statistics.choices import FIRST, TIE, Choices, Numbers

Missing = Literal["no votes", "never lost", "never won", "one-way", "all ties", "no preference was contradicted"]
"""Why a method has no strength.

no votes: in none of the pairs; never lost: preferred in every vote; never won: in none; one-way: preferred in every vote over
some, and in none over others, so that nothing says how far it is from either; all ties, no preference was contradicted: see the
module.
"""
_STEPS: Final = 100
_TOLERANCE: Final = 1e-9


@dataclass(frozen=True)
class Strengths:
    """A fit."""

    values: tuple[float | None, ...]
    """By method; the sum over each group is 0."""
    missing: tuple[Missing | None, ...]
    """By method: why it has no strength."""
    groups: tuple[tuple[int, ...], ...]
    """The methods whose strengths can be compared with each other; more than one where nothing, or only one-way votes, connects
    them."""
    tie: float | None
    """The tie parameter: the odds of a tie against a decision for one of two equal methods. 0: no ties; None: no fit."""

    @property
    def fitted(self) -> tuple[int, ...]:
        """The methods that have a strength."""
        return tuple(method for group in self.groups for method in group)


def counted(choices: Choices, methods: int) -> tuple[Numbers, Numbers]:
    """Wins, (methods, methods): how often the row was preferred to the column; and ties, the same in both places."""
    wins, ties = np.zeros((methods, methods)), np.zeros((methods, methods))
    won = np.where(choices.outcome == FIRST, choices.first, choices.second)
    lost = np.where(choices.outcome == FIRST, choices.second, choices.first)
    decided = choices.outcome != TIE
    np.add.at(wins, (won[decided], lost[decided]), 1)
    np.add.at(ties, (won[~decided], lost[~decided]), 1)
    np.add.at(ties, (lost[~decided], won[~decided]), 1)
    return wins, ties


def fit_strengths(wins: Numbers, ties: Numbers) -> Strengths:
    """The strengths that fit these counts best; see `counted`.

    >>> fit = fit_strengths(np.array([[0.0, 3.0], [1.0, 0.0]]), np.zeros((2, 2)))
    >>> round(fit.values[0] - fit.values[1], 4)  # the log of 3 to 1
    1.0986
    """
    methods = len(wins)
    groups = _groups(wins + ties)
    missing: list[Missing | None] = [None] * methods
    inside = [group for group in groups if len(group) > 1]
    for group in groups:
        if len(group) == 1:
            missing[group[0]] = _why(wins, group[0])
    if not _has_best_fit(wins, ties, inside):
        reason: Missing = "all ties" if wins.sum() == 0 else "no preference was contradicted"
        missing = [missing[method] or reason for method in range(methods)]
        inside = []
    if not inside:
        return Strengths((None,) * methods, tuple(missing), (), None)
    counts = _pair_counts(wins, ties, inside)
    fitted, tie = fit_many(counts.weights[np.newaxis], counts.pairs, inside, methods)
    values = [None if missing[method] else float(fitted[0, method]) for method in range(methods)]
    return Strengths(tuple(values), tuple(missing), tuple(inside), float(tie[0]))


@dataclass(frozen=True)
class PairCounts:
    """The pairs of methods of one group that have votes, and the votes for the first, for none, for the second."""

    pairs: tuple[tuple[int, int], ...]
    weights: Numbers
    """(pairs, 3)."""


def _pair_counts(wins: Numbers, ties: Numbers, groups: Sequence[Sequence[int]]) -> PairCounts:
    pairs = [
        (first, second)
        for group in groups
        for first in group
        for second in group
        if first < second and wins[first, second] + wins[second, first] + ties[first, second] > 0
    ]
    rows = [(wins[first, second], ties[first, second], wins[second, first]) for first, second in pairs]
    return PairCounts(tuple(pairs), np.array(rows, dtype=np.float64))


def fit_many(
    weights: Numbers, pairs: Sequence[tuple[int, int]], groups: Sequence[Sequence[int]], methods: int
) -> tuple[Numbers, Numbers]:
    """Many fits at once, for resamples of the same votes.

    Args:
        weights: (fits, pairs, 3), how much was for the first, for none, for the second method of each pair.
        pairs: the methods of each pair, both in one group.
        groups: of methods that can be compared; every one has a finite best fit.
        methods: how many methods there are.

    Returns:
        Strengths, (fits, methods), 0 outside the groups; and tie parameters, (fits,).
    """
    with_ties = bool(np.any(weights[:, :, 1] > 0))
    free = methods + with_ties
    design = np.zeros((len(pairs), 3, free))
    for row, (first, second) in enumerate(pairs):
        design[row, 0, first] = design[row, 2, second] = 1.0
        design[row, 1, [first, second]] = 0.5
        if with_ties:
            design[row, 1, methods] = 1.0
    # Strengths outside the groups stay at 0, and those of a group sum to 0; neither changes the likelihood.
    fixed = np.zeros((free, free))
    inside = {method for group in groups for method in group}
    for method in set(range(methods)) - inside:
        fixed[method, method] = 1.0
    for group in groups:
        fixed[np.ix_(list(group), list(group))] += 1.0 / len(group)
    outer = np.einsum("poi,poj->poij", design, design)
    scale = weights.sum(axis=(1, 2))
    weights = weights / scale[:, np.newaxis, np.newaxis]
    share = weights.sum(axis=2)
    found = np.zeros((len(weights), free))
    likelihood = _log_likelihood(weights, design, found, with_ties)
    for _ in range(_STEPS):
        chance = _chances(design, found, with_ties)
        expected = share[:, :, np.newaxis] * chance
        slope = np.einsum("rpo,poi->ri", weights - expected, design)
        if np.abs(slope).max() < _TOLERANCE:
            break
        middle = np.einsum("rpo,poi->rpi", chance, design)
        bend = np.einsum("rpo,poij->rij", expected, outer) - np.einsum("rp,rpi,rpj->rij", share, middle, middle)
        step = np.linalg.solve(bend + fixed, slope[:, :, np.newaxis])[:, :, 0]
        found, likelihood = _improved(weights, design, found, step, likelihood, with_ties)
    tie = np.exp(found[:, methods]) if with_ties else np.zeros(len(found))
    return found[:, :methods], tie


def _chances(design: Numbers, found: Numbers, with_ties: bool) -> Numbers:
    """The probabilities of the three answers, (fits, pairs, 3)."""
    use = np.einsum("poi,ri->rpo", design, found)
    if not with_ties:
        use[:, :, 1] = -np.inf
    odds = np.exp(use - use.max(axis=2, keepdims=True))
    return np.asarray(odds / odds.sum(axis=2, keepdims=True), dtype=np.float64)


def _log_likelihood(weights: Numbers, design: Numbers, found: Numbers, with_ties: bool) -> Numbers:
    chance = _chances(design, found, with_ties)
    return np.asarray((weights * np.log(np.where(weights > 0, chance, 1.0))).sum(axis=(1, 2)), dtype=np.float64)


def _improved(
    weights: Numbers, design: Numbers, found: Numbers, step: Numbers, likelihood: Numbers, with_ties: bool
) -> tuple[Numbers, Numbers]:
    """The step, halved until the likelihood does not fall (beyond rounding)."""
    length = np.ones((len(found), 1))
    for _ in range(30):
        there = _log_likelihood(weights, design, found + length * step, with_ties)
        worse = there < likelihood - 1e-12
        if not worse.any():
            break
        length[worse] /= 2
    return found + length * step, there


def _groups(preferred: Numbers) -> list[tuple[int, ...]]:
    """The methods that can be reached from each other by votes for, or ties: where one both wins and loses within the group."""
    reach = preferred > 0
    np.fill_diagonal(reach, True)
    for middle in range(len(reach)):
        reach |= np.outer(reach[:, middle], reach[middle])
    both = reach & reach.T
    return list(dict.fromkeys(tuple(int(method) for method in np.flatnonzero(row)) for row in both))


def _why(wins: Numbers, method: int) -> Missing:
    won, lost = wins[method].sum() > 0, wins[:, method].sum() > 0
    if not won and not lost:
        return "no votes"
    return "one-way" if won and lost else "never lost" if won else "never won"


def _has_best_fit(wins: Numbers, ties: Numbers, groups: Sequence[Sequence[int]]) -> bool:
    """With ties: whether a circle of methods exists with more decisions than ties (a negative circle, by Floyd and Warshall)."""
    if not any(ties[np.ix_(list(group), list(group))].any() for group in groups):
        return True
    for group in groups:
        place = np.ix_(list(group), list(group))
        length = np.where(wins[place] > 0, -1.0, np.where(ties[place] > 0, 1.0, np.inf))
        np.fill_diagonal(length, 0.0)
        for middle in range(len(group)):
            length = np.minimum(length, length[:, middle : middle + 1] + length[middle : middle + 1])
        if (np.diag(length) < 0).any():
            return True
    return False
