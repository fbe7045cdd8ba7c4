"""MATLAB's imresize, by size and by scale, beside its formula in exact arithmetic."""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor

import numpy as np
import pytest

from mgld_bench.clips.bicubic import resize_bicubic, scale_bicubic

ROW = [7, 250, 3, 99, 180, 12, 255, 0, 31]


def kernel(distance: Fraction) -> Fraction:
    """Keys, Cubic convolution interpolation, 1981, equation 15 (a = -1/2)."""
    x = abs(distance)
    if x <= 1:
        return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
    return -Fraction(1, 2) * x**3 + Fraction(5, 2) * x**2 - 4 * x + 2 if x < 2 else Fraction(0)


def resized(values: list[int], length: int, scale: Fraction) -> list[Fraction]:
    """The formula of MATLAB's contributions(): positions from 1, mirrored borders, a wider kernel where the scale is below 1."""
    shrink, found = min(scale, Fraction(1)), []
    for target in range(1, length + 1):
        centre = target / scale + Fraction(1, 2) * (1 - 1 / scale)
        reach = ceil(2 / shrink) + 1
        sources = range(floor(centre) - reach, floor(centre) + reach + 1)
        weights = [shrink * kernel(shrink * (centre - source)) for source in sources]
        places = [(source - 1) % (2 * len(values)) for source in sources]
        mirrored = [place if place < len(values) else 2 * len(values) - 1 - place for place in places]
        total = sum((weight * values[place] for weight, place in zip(weights, mirrored, strict=True)), Fraction(0))
        found.append(total / sum(weights, Fraction(0)))
    return found


@pytest.mark.parametrize("length", [3, 4, 7, 8, 9])
@pytest.mark.parametrize("scale", [Fraction(1, 2), Fraction(2, 5), Fraction(4)])
def test_by_scale_positions_follow_the_scale_and_not_the_rounded_side(length: int, scale: Fraction) -> None:
    expected = [float(value) for value in resized(ROW[:length], ceil(scale * length), scale)]
    for image in (np.array([ROW[:length]] * 5), np.array([ROW[:length]] * 5).T):
        found = scale_bicubic(image, float(scale))
        lines = found if image.shape[1] == length else found.T
        assert lines.shape == (ceil(5 * scale), ceil(length * scale))
        np.testing.assert_allclose(lines, [expected] * len(lines), rtol=0, atol=1e-10)


@pytest.mark.parametrize(("length", "target"), [(9, 5), (9, 4), (8, 4), (5, 9), (3, 8)])
def test_by_size_positions_follow_the_ratio_of_the_sides(length: int, target: int) -> None:
    expected = [float(value) for value in resized(ROW[:length], target, Fraction(target, length))]
    np.testing.assert_allclose(resize_bicubic(np.array([ROW[:length]]), 1, target), [expected], rtol=0, atol=1e-10)


def test_half_an_odd_side_is_another_picture_than_the_rounded_side() -> None:
    picture = np.array([ROW] * 3)
    assert np.abs(scale_bicubic(picture, 0.5) - resize_bicubic(picture, 2, 5)).max() > 10
    np.testing.assert_array_equal(scale_bicubic(picture[:2, :8], 0.5), resize_bicubic(picture[:2, :8], 1, 4))
