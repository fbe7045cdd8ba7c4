"""Where figures look."""

from __future__ import annotations

import numpy as np
import pytest

from mgld_bench.report.figures.choosing import (
    best_line,
    best_region,
    disagreement,
    error,
    spread_over,
    structure,
    structure_along,
)


def test_the_box_is_where_pictures_differ_and_not_only_where_there_is_structure() -> None:
    structure, differences = np.zeros((40, 60)), np.zeros((40, 60))
    structure[:8, :8] = 5
    structure[20:28, 40:48] = 1
    differences[20:28, 40:48] = 3
    region, value = best_region([structure, differences], 8, 8, 4)
    assert (region.top, region.left) == (20, 40)
    assert value == pytest.approx(3.0)
    # A map without anything in it decides nothing.
    region, _ = best_region([structure, np.zeros((40, 60))], 8, 8, 4)
    assert (region.top, region.left) == (0, 0)


def test_the_variance_of_pictures() -> None:
    frames = [np.full((2, 2, 3), value, dtype=np.uint8) for value in (10, 14)]
    np.testing.assert_allclose(disagreement(frames), 3 * 4.0)
    np.testing.assert_allclose(error(frames[0], frames[1], "squared-error"), 3 * 16.0)
    np.testing.assert_allclose(error(frames[0], frames[1], "absolute-error"), 3 * 4.0)
    assert not disagreement(frames[:1]).any()


def test_a_line_is_found_in_either_direction_or_on_the_row_that_is_given() -> None:
    weights = np.zeros((30, 60))
    weights[5:15, 44] = 1.0
    line = best_line({"row": weights, "column": weights}, "third")
    assert (line.along, line.index, line.first, line.last) == ("column", 44, 5, 14)
    line = best_line({"row": weights}, "third", 7)
    assert (line.along, line.index, line.length) == ("row", 7, 20)
    assert line.first <= 44 <= line.last


def test_a_line_along_an_edge_shows_nothing_and_one_across_it_does() -> None:
    frame = np.zeros((8, 8, 3), dtype=np.uint8)
    frame[:, 4:] = 200
    assert not structure_along(frame, "column").any()
    assert structure_along(frame, "row")[3].max() == 100
    np.testing.assert_allclose(structure(frame), structure_along(frame, "row"))


def test_frames_are_spread_evenly() -> None:
    assert spread_over(10, 1) == [5]
    assert spread_over(3, 6) == [0, 1, 2]
    assert spread_over(100, 4) == [12, 37, 62, 87]
