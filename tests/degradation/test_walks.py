from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.degradation.resizing import even_sizes
from mgld_bench.degradation.walks import walk, walk_rounded

STEPS = st.lists(st.floats(-3, 3), min_size=1, max_size=40)


@given(st.floats(30, 95), STEPS)
def test_a_walk_starts_at_its_start_and_stays_within_limits_and_steps(start: float, steps: list[float]) -> None:
    values = walk(start, steps, (30, 95))
    assert values[0] == start
    assert len(values) == len(steps)
    assert all(30 <= value <= 95 for value in values)
    assert all(abs(after - before) <= 3 + 1e-9 for before, after in pairwise(values))


@given(st.floats(30, 95), STEPS)
def test_a_rounded_walk_has_integers_within_limits(start: float, steps: list[float]) -> None:
    values = walk_rounded(start, steps, (30, 95))
    assert all(isinstance(value, int) and 30 <= value <= 95 for value in values)
    assert abs(values[0] - start) <= 0.5


@given(st.integers(16, 2000), st.integers(16, 2000), st.floats(0.15, 1.5))
def test_sizes_are_even_and_at_most_two_below_the_scaled_size(height: int, width: int, scale: float) -> None:
    ((rows, columns),) = even_sizes(height, width, [scale])
    assert rows % 2 == columns % 2 == 0
    assert 0 <= height * scale - rows < 2
    assert 0 <= width * scale - columns < 2
