"""Strengths from votes: against evalica, choix, a general optimiser and closed forms; and where there are none."""

from __future__ import annotations

import math

import choix
import evalica
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mgld_bench.statistics.bradley_terry import counted, fit_strengths
from mgld_bench.statistics.choices import FIRST, SECOND, TIE, Choices, Numbers
from mgld_bench.statistics.strengths import strength_intervals
from tests.helpers.voters import simulated_votes


def table(*rows: tuple[float, ...]) -> Numbers:
    return np.array(rows, dtype=np.float64)


def none(methods: int) -> Numbers:
    return np.zeros((methods, methods))


def test_two_methods_have_the_log_of_their_odds() -> None:
    fit = fit_strengths(table((0, 30), (10, 0)), none(2))
    assert fit.values == pytest.approx((math.log(3) / 2, -math.log(3) / 2))
    assert fit.tie == 0


def test_two_methods_with_ties_have_closed_forms() -> None:
    fit = fit_strengths(table((0, 16), (4, 0)), table((0, 12), (12, 0)))
    assert fit.values == pytest.approx((math.log(4) / 2, -math.log(4) / 2))
    assert fit.tie == pytest.approx(12 / math.sqrt(16 * 4))


def test_without_ties_choix_and_evalica_find_the_same() -> None:
    choices = simulated_votes(0, people=8, clips=6, strengths=(0.0, 0.9, -0.4, 0.3), tie=0.0, each=60)
    wins, ties = counted(choices, 4)
    ours = np.array(fit_strengths(wins, ties).values)
    won = np.where(choices.outcome == FIRST, choices.first, choices.second)
    lost = np.where(choices.outcome == FIRST, choices.second, choices.first)
    assert ours == pytest.approx(choix.ilsr_pairwise(4, list(zip(won.tolist(), lost.tolist(), strict=True))), abs=1e-6)
    theirs = evalica.bradley_terry(won.tolist(), lost.tolist(), [evalica.Winner.X] * len(won), tolerance=1e-12, limit=10_000)
    logs = np.log(theirs.scores.sort_index().to_numpy())
    assert ours == pytest.approx(logs - logs.mean(), abs=1e-5)


def test_with_ties_a_general_optimiser_finds_the_same() -> None:
    choices = simulated_votes(1, people=8, clips=6, strengths=(0.0, 0.9, -0.4, 0.3), tie=0.7, each=60)
    first, second, answer = choices.first, choices.second, 1 - choices.outcome

    def unlikely(parameters: Numbers) -> float:
        strength, tie = parameters[:4], parameters[4]
        use = np.stack([strength[first], tie + (strength[first] + strength[second]) / 2, strength[second]], axis=1)
        chance = use - np.log(np.exp(use).sum(axis=1, keepdims=True))
        return -float(chance[np.arange(len(answer)), answer].sum())

    best = minimize(unlikely, np.zeros(5), method="BFGS").x
    fit = fit_strengths(*counted(choices, 4))
    assert np.array(fit.values) == pytest.approx(best[:4] - best[:4].mean(), abs=1e-3)
    assert fit.tie == pytest.approx(math.exp(best[4]), abs=1e-3)


def test_the_order_of_methods_and_sides_changes_nothing() -> None:
    choices = simulated_votes(2, people=6, clips=5, strengths=(0.0, 0.5, 1.0), tie=0.4, each=30)
    turned = Choices(choices.participants, choices.clips, choices.second, choices.first, -choices.outcome)
    assert strength_intervals(turned, 3).fit.values == pytest.approx(strength_intervals(choices, 3).fit.values)
    renamed = Choices(choices.participants, choices.clips, 2 - choices.first, 2 - choices.second, choices.outcome)
    there, here = strength_intervals(renamed, 3), strength_intervals(choices, 3)
    assert there.fit.values[::-1] == pytest.approx(here.fit.values)
    for one, other in zip(there.intervals[::-1], here.intervals, strict=True):
        assert one == pytest.approx(other)


def test_who_never_lost_or_never_won_has_no_strength_and_the_others_have_theirs() -> None:
    wins = table((0, 5, 5, 5), (0, 0, 6, 5), (0, 3, 0, 5), (0, 0, 0, 0))
    fit = fit_strengths(wins, none(4))
    assert fit.missing == ("never lost", None, None, "never won")
    assert (fit.values[0], fit.values[3]) == (None, None)
    assert fit.values[1:3] == pytest.approx((math.log(2) / 2, -math.log(2) / 2))


@pytest.mark.parametrize(
    ("wins", "ties", "missing"),
    [
        (table((0, 9), (0, 0)), none(2), ("never lost", "never won")),
        (none(2), table((0, 7), (7, 0)), ("all ties", "all ties")),
        (table((0, 5), (0, 0)), table((0, 5), (5, 0)), ("no preference was contradicted",) * 2),
        (none(3), none(3), ("no votes",) * 3),
        # Beats one in every vote, loses every vote to another: nothing says how far it is from either.
        (table((0, 4, 0), (0, 0, 4), (0, 0, 0)), none(3), ("never lost", "one-way", "never won")),
        # A tie closes the circle, and yet the likelihood rises for ever: the strengths spread with the tie parameter.
        (
            table((0, 4, 0), (0, 0, 0), (0, 0, 0)),
            table((0, 0, 4), (0, 0, 4), (4, 4, 0)),
            ("no preference was contradicted",) * 3,
        ),
    ],
)
def test_where_there_is_no_best_fit_the_reason_stands_in_its_place(
    wins: Numbers, ties: Numbers, missing: tuple[str, ...]
) -> None:
    fit = fit_strengths(wins, ties)
    assert fit.values == (None,) * len(wins)
    assert fit.missing == missing
    assert fit.tie is None


def test_groups_that_nothing_connects_are_kept_apart() -> None:
    wins = table((0, 3, 0, 0), (1, 0, 0, 0), (0, 0, 0, 2), (0, 0, 2, 0))
    fit = fit_strengths(wins, none(4))
    assert fit.groups == ((0, 1), (2, 3))
    assert fit.values == pytest.approx((math.log(3) / 2, -math.log(3) / 2, 0.0, 0.0))


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 5), st.lists(st.tuples(*[st.integers(0, 4)] * 2, st.sampled_from((FIRST, TIE, SECOND))), max_size=25))
def test_any_votes_give_finite_strengths_that_balance_or_a_reason(methods: int, votes: list[tuple[int, int, int]]) -> None:
    votes = [(first % methods, second % methods, outcome) for first, second, outcome in votes]
    first, second, outcome = np.array([each for each in votes if each[0] != each[1]], dtype=np.int64).reshape(-1, 3).T
    nobody = np.zeros(len(first), dtype=np.int64)
    wins, ties = counted(Choices(nobody, nobody, first, second, outcome), methods)
    fit = fit_strengths(wins, ties)
    for value, reason in zip(fit.values, fit.missing, strict=True):
        assert (value is None) == (reason is not None)
        assert value is None or abs(value) < 40
    for group in fit.groups:
        # The likelihood is at its top where each method has as many points (ties half) as it should.
        for method in group:
            expected = 0.0
            for other in (each for each in group if each != method):
                met = wins[method, other] + wins[other, method] + ties[method, other]
                odds = math.exp((fit.values[method] - fit.values[other]) / 2)  # type: ignore[operator]
                expected += met * (odds + fit.tie / 2) / (odds + 1 / odds + fit.tie)  # type: ignore[operator]
            points = sum(wins[method, other] + ties[method, other] / 2 for other in group)
            assert points == pytest.approx(expected, abs=1e-5)
