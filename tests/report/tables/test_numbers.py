from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.report.tables.numbers import format_difference, format_value, mean, rank

SCORES = st.floats(-1e3, 1e3).map(lambda value: round(value, 4))


@given(st.lists(SCORES, min_size=1, max_size=60))
def test_the_mean_is_that_of_numpy(values: list[float]) -> None:
    assert mean(values) == pytest.approx(float(np.mean(values)), abs=1e-9)
    assert mean([*values, math.inf]) == math.inf


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(22.126, 2, "22.13"), (None, 2, "–"), (math.inf, 2, "∞"), (-math.inf, 2, "-∞"), (-0.001, 2, "0.00"), (-1.5, 1, "-1.5")],
)
def test_values_as_printed(value: float | None, digits: int, text: str) -> None:
    assert format_value(value, digits) == text


@pytest.mark.parametrize(("value", "text"), [(0.123, "+0.12"), (-0.123, "-0.12"), (0.0001, "0.00"), (math.inf, "+∞")])
def test_differences_as_printed(value: float, text: str) -> None:
    assert format_difference(value, 2) == text


def test_ranks_by_direction() -> None:
    assert rank([1.0, 3.0, 2.0], "higher", 2) == ("", "best", "second")
    assert rank([1.0, 3.0, 2.0], "lower", 2) == ("best", "", "second")


def test_what_prints_alike_shares_a_rank() -> None:
    assert rank([30.001, 30.004, 29.0, 28.0], "higher", 2) == ("best", "best", "second", "")
    assert rank([31.0, 30.001, 30.004], "higher", 2) == ("best", "second", "second")
    assert rank([30.001, 30.004], "higher", 3) == ("second", "best")


def test_infinity_is_the_best_and_gaps_do_not_compete() -> None:
    assert rank([math.inf, 40.0, None], "higher", 2) == ("best", "second", "")
    assert rank([None, 40.0], "higher", 2) == ("", "")
    assert rank([], "higher", 2) == ()


@given(st.data(), st.lists(st.none() | st.floats(0, 50) | st.just(math.inf), max_size=9), st.sampled_from(["higher", "lower"]))
def test_ranks_do_not_depend_on_the_order(data: st.DataObject, values: list[float | None], direction: str) -> None:
    order = data.draw(st.permutations(range(len(values))))
    ranks = rank(values, direction, 2)  # type: ignore[arg-type]
    assert rank([values[index] for index in order], direction, 2) == tuple(ranks[index] for index in order)  # type: ignore[arg-type]
    competing = [value for value in values if value is not None]
    assert ("best" in ranks) == (len(competing) >= 2)
    for value, place in zip(values, ranks, strict=True):
        if place == "best" and value is not None:
            better = max if direction == "higher" else min
            assert round(value, 2) == round(better(competing), 2)
