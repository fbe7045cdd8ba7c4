"""Strengths of methods with intervals over other participants and other clips."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from mgld_bench.statistics.bradley_terry import Strengths, counted, fit_many, fit_strengths
from mgld_bench.statistics.choices import Choices, Numbers
from mgld_bench.statistics.crossed_resampling import Over, crossed_spread


@dataclass(frozen=True)
class StrengthIntervals:
    """A fit, and how well it is known."""

    fit: Strengths
    intervals: tuple[tuple[float, float] | None, ...]
    """By method, 95 %; None without a strength, or where there are too few participants and clips."""
    over: Over | None
    """What they stand for: other participants, other clips, or both; None: there are none."""


def strength_intervals(choices: Choices, methods: int) -> StrengthIntervals:
    """Fit the strengths of methods 0 to ``methods`` - 1, with intervals by resampling over participants and clips."""
    wins, ties = counted(choices, methods)
    fit = fit_strengths(wins, ties)
    without = StrengthIntervals(fit, (None,) * methods, None)
    if not fit.groups:
        return without
    group_of = np.full(methods, -1)
    for place, group in enumerate(fit.groups):
        group_of[list(group)] = place
    # Votes for or against what has no strength take no part in the fit, nor in how well it is known.
    fitted = choices.only((group_of[choices.first] == group_of[choices.second]) & (group_of[choices.first] >= 0))
    pairs = sorted({(int(min(each)), int(max(each))) for each in zip(fitted.first, fitted.second, strict=True)})
    kinds = _kinds(fitted, pairs)

    def strengths(weights: Numbers) -> Numbers:
        return fit_many((weights @ kinds).reshape(len(weights), len(pairs), 3), pairs, fit.groups, methods)[0]

    spread = crossed_spread(fitted, strengths)
    if spread is None:
        return without
    halves = spread.reach * spread.deviations
    intervals = tuple(
        None if value is None else (value - float(half), value + float(half))
        for value, half in zip(fit.values, halves, strict=True)
    )
    return StrengthIntervals(fit, intervals, spread.over)


def _kinds(choices: Choices, pairs: list[tuple[int, int]]) -> Numbers:
    """(votes, pairs * 3): 1 where a vote is for the first, for none, or for the second method of a pair."""
    place = {pair: row for row, pair in enumerate(pairs)}
    kinds = np.zeros((len(choices), len(pairs) * 3))
    for vote, (first, second, outcome) in enumerate(zip(choices.first, choices.second, choices.outcome, strict=True)):
        turned = first > second
        row = place[int(min(first, second)), int(max(first, second))]
        kinds[vote, row * 3 + 1 - (-outcome if turned else outcome)] = 1.0
    return kinds
