"""Bicubic is MATLAB's: kernel, borders and rounding."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from torch.nn import functional

from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.methods.bicubic import Bicubic, enlarge
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import RestorerOptions

FRAMES = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.just(3)))


def kernel(distance: Fraction) -> Fraction:
    """Keys, Cubic convolution interpolation, 1981, equation 15 (a = -1/2)."""
    x = abs(distance)
    if x <= 1:
        return Fraction(3, 2) * x**3 - Fraction(5, 2) * x**2 + 1
    return -Fraction(1, 2) * x**3 + Fraction(5, 2) * x**2 - 4 * x + 2 if x < 2 else Fraction(0)


def enlarged_exactly(values: list[Fraction]) -> list[Fraction]:
    """A row of samples, four times as long, in exact arithmetic, by the formula of MATLAB's imresize."""
    found = []
    for target in range(1, 4 * len(values) + 1):
        centre = Fraction(target, 4) + Fraction(1, 2) * (1 - Fraction(1, 4))
        total = Fraction(0)
        for source in range(int(centre) - 3, int(centre) + 5):
            mirrored = (source - 1) % (2 * len(values))
            sample = values[mirrored] if mirrored < len(values) else values[2 * len(values) - 1 - mirrored]
            total += kernel(centre - source) * sample
        found.append(total)
    return found


def enlarged_reference(picture: np.ndarray) -> np.ndarray:
    """One channel by exact arithmetic, rounded half away from zero as MATLAB's uint8() does."""
    rows = [enlarged_exactly([Fraction(int(value)) for value in row]) for row in picture]
    columns = [enlarged_exactly(list(column)) for column in zip(*rows, strict=True)]
    exact = [list(row) for row in zip(*columns, strict=True)]
    return np.array(
        [[min(max(int(value + Fraction(1, 2)) if value > 0 else 0, 0), 255) for value in row] for row in exact], np.uint8
    )


@settings(max_examples=15, deadline=None)
@given(FRAMES)
def test_every_value_equals_exact_arithmetic(frame: np.ndarray) -> None:
    enlarged = enlarge(frame, 4)
    for channel in range(3):
        np.testing.assert_array_equal(enlarged[:, :, channel], enlarged_reference(frame[:, :, channel]))


def test_a_tie_is_rounded_away_from_zero() -> None:
    # By hand: at distances 1/8 and 7/8 the kernel is 987/1024 and 93/1024, and (987 * 6 + 93 * 118) / 1024 is 16.5.
    frame = np.zeros((3, 6, 3), np.uint8)
    frame[:, 2], frame[:, 3] = 6, 118
    assert enlarged_exactly([Fraction(int(value)) for value in frame[0, :, 0]])[10] == Fraction(33, 2)
    assert enlarge(frame, 4)[5, 10].tolist() == [17, 17, 17]


def test_the_inside_equals_pytorchs_kernel_of_the_same_parameter(low_resolution: Clip) -> None:
    frame = low_resolution.frame(0)
    # With antialias, PyTorch uses a = -0.5; it treats borders in another way, so the picture is mirrored by hand first.
    mirrored = np.pad(frame, ((4, 4), (4, 4), (0, 0)), "symmetric")
    tensor = torch.from_numpy(mirrored.astype(np.float64)).permute(2, 0, 1)[None]
    other = functional.interpolate(tensor, scale_factor=4, mode="bicubic", antialias=True)[0, :, 16:-16, 16:-16].permute(1, 2, 0)
    difference = np.abs(enlarge(frame, 4) - other.clamp(0, 255).numpy())
    assert difference.max() <= 0.5 + 1e-9


@settings(max_examples=25, deadline=None)
@given(FRAMES)
def test_flips_and_turns_commute_with_enlarging(frame: np.ndarray) -> None:
    enlarged = enlarge(frame, 4)
    np.testing.assert_array_equal(enlarge(np.ascontiguousarray(frame[::-1]), 4), enlarged[::-1])
    np.testing.assert_array_equal(enlarge(np.ascontiguousarray(frame[:, ::-1]), 4), enlarged[:, ::-1])
    np.testing.assert_array_equal(enlarge(np.ascontiguousarray(frame.swapaxes(0, 1)), 4), enlarged.swapaxes(0, 1))


@given(st.integers(0, 255), st.integers(1, 6), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_a_constant_stays_constant(level: int, height: int, width: int) -> None:
    assert (enlarge(np.full((height, width, 3), level, np.uint8), 4) == level).all()


def test_a_ramp_stays_a_ramp_inside() -> None:
    frame = np.repeat((np.arange(12, dtype=np.uint8) * 8 + 20)[None, :, None], 4, axis=0).repeat(3, axis=2)
    inside = enlarge(frame, 4)[5, 8:-8, 0].astype(int)
    # A step of 8 per LR pixel is a step of 2 per pixel; half-pixel centres put the values at odd numbers.
    np.testing.assert_array_equal(np.diff(inside), 2)
    assert inside[0] == 20 + 8 * 2 - 3


def test_restore_streams_and_starts_where_it_is_asked_to(low_resolution: Clip) -> None:
    restorer = Bicubic(RestorerOptions(), {}, Compute())
    frames = list(restorer.restore(low_resolution))
    assert [frame.shape for frame in frames] == [(96, 128, 3)] * 3
    assert all(frame.dtype == np.uint8 and frame.flags.c_contiguous for frame in frames)
    rest = list(restorer.restore(low_resolution, 1))
    assert len(rest) == 2
    np.testing.assert_array_equal(rest, frames[1:])
    with pytest.raises(StopIteration):
        next(restorer.restore(ArrayClip("x", np.zeros((1, 2, 2, 3), np.uint8)), 1))


def test_nothing_else_decides_bicubic(tmp_path: Path) -> None:
    assert Bicubic.depends_on(RestorerOptions(), "demo", "bunny") == ""
    assert Bicubic(RestorerOptions(), {}, Compute()).resume_point(7) == 7
