"""Luma rounded to 8 bits: the same on every processor, also where it lies exactly between two levels."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from mgld_bench.metrics.fidelity.luma import LumaKind, luma, rounded_luma
from mgld_bench.metrics.metric import Chunk, Frames

WEIGHTS: dict[LumaKind, tuple[Fraction, ...]] = {
    "full": tuple(map(Fraction, ("0.299", "0.587", "0.114", "0"))),
    "limited": (*(Fraction(weight) / 255 for weight in ("65.481", "128.553", "24.966")), Fraction(16)),
    "matlab-gray": tuple(map(Fraction, ("0.298936021293776", "0.587043074451121", "0.114020904255103", "0"))),
}
"""As the standard, MATLAB's rgb2ycbcr and MATLAB's rgb2gray print them."""


def exact(colour: np.ndarray, kind: LumaKind) -> Fraction:
    *weights, added = WEIGHTS[kind]
    return sum((weight * int(sample) for weight, sample in zip(weights, colour, strict=True)), added)


def rounded(frames: Frames, kind: LumaKind) -> np.ndarray:
    levels: np.ndarray = rounded_luma(Chunk([0], frames), kind)[0, 0]
    return levels


@pytest.mark.parametrize("kind", WEIGHTS)
def test_luma_is_that_of_exact_arithmetic_and_rounded_half_to_even(kind: LumaKind) -> None:
    colours = np.random.default_rng(4).integers(0, 256, (1, 1, 4000, 3), np.uint8)
    expected = [exact(colour, kind) for colour in colours[0, 0]]
    np.testing.assert_allclose(luma(colours, kind)[0, 0], np.array(expected, float), rtol=0, atol=1e-12)
    assert rounded(colours, kind).tolist() == [round(value) for value in expected]


def test_every_full_range_colour_on_an_exact_half_goes_to_the_even_level() -> None:
    red, green, blue = np.meshgrid(*[np.arange(256, dtype=np.uint8)] * 3, indexing="ij")
    thousandths = 299 * red.astype(np.int64) + 587 * green.astype(np.int64) + 114 * blue.astype(np.int64)
    halves = thousandths % 1000 == 500
    colours = np.stack([red[halves], green[halves], blue[halves]], axis=-1)[None, None]
    assert colours.shape[2] == 16_782
    below = thousandths[halves] // 1000
    np.testing.assert_array_equal(rounded(colours, "full"), below + below % 2)
    # What the round-off of a sum of fractions makes of them on this processor is not that.
    assert np.count_nonzero(np.rint(luma(colours, "full")[0, 0]) != below + below % 2) > 0


def test_every_limited_range_colour_on_an_exact_half_goes_to_the_even_level() -> None:
    red, green, blue = (axis.astype(np.int64) for axis in np.meshgrid(*[np.arange(256)] * 3, indexing="ij"))
    parts = 65_481 * red + 128_553 * green + 24_966 * blue + 16 * 255_000
    halves = parts % 255_000 == 127_500
    colours = np.stack([axis[halves] for axis in (red, green, blue)], axis=-1).astype(np.uint8)[None, None]
    assert colours.shape[2] == 194
    below = parts[halves] // 255_000
    np.testing.assert_array_equal(rounded(colours, "limited"), below + below % 2)
