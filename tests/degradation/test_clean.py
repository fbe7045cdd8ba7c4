"""BI and BD beside their definitions: exact arithmetic, SciPy's filter, and where LR pixels lie."""

from __future__ import annotations

import hashlib
import math
from fractions import Fraction

import numpy as np
import numpy.typing as npt
import pytest
import torch
from scipy import ndimage

from mgld_bench.cards.loader import load_degradation
from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.degradation.blur_down import gaussian
from mgld_bench.degradation.loading import degrade_clip
from mgld_bench.errors import InputError
from tests.clips.test_bicubic import resized

FRAME = np.random.RandomState(8).randint(0, 256, (24, 32, 3)).astype(np.uint8)


def degraded(name: str, frame: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    frames, plan = degrade_clip(ArrayClip("clip", frame[None]), load_degradation(name))
    assert plan.target_size == (frame.shape[0] // 4, frame.shape[1] // 4)
    return np.asarray(frames[0])


def half_away(value: Fraction) -> int:
    return min(255, max(0, math.floor(value + Fraction(1, 2))))


def test_bi_is_imresize_in_exact_arithmetic_rounded_once() -> None:
    frame, quarter = FRAME[:12, :16], Fraction(1, 4)
    columns = [resized(column, 3, quarter) for column in frame[..., 0].T.tolist()]
    expected = []
    for row in zip(*columns, strict=True):
        # The formula takes integers.
        scale = math.lcm(*(value.denominator for value in row))
        expected.append([half_away(value / scale) for value in resized([int(value * scale) for value in row], 4, quarter)])
    np.testing.assert_array_equal(degraded("bi", frame)[..., 0], expected)


def test_half_a_level_is_rounded_up() -> None:
    """Stripes one level apart, each half of which the kernel weighs alike: away from the border every value is a tie."""
    stripes = np.tile(np.array([100, 101], np.uint8), (16, 20))[..., None].repeat(3, 2)
    assert set(degraded("bi", stripes)[:, 2:-2].flat) == {101}
    assert set(degraded("bi", np.full((16, 16, 3), 7, np.uint8)).flat) == {7}


def test_bi_is_torch_s_bicubic_with_anti_aliasing_away_from_the_border() -> None:
    batch = torch.from_numpy(FRAME.transpose(2, 0, 1)[None].astype(np.float64))
    theirs = torch.nn.functional.interpolate(batch, (6, 8), mode="bicubic", antialias=True)[0].numpy().transpose(1, 2, 0)
    expected = np.floor(np.clip(theirs, 0, 255) + 0.5)
    np.testing.assert_array_equal(degraded("bi", FRAME)[2:-2, 2:-2], expected[2:-2, 2:-2])


def test_bd_is_filtered_with_fspecial_s_kernel_and_repeated_borders() -> None:
    # fspecial: exp(-(x^2 + y^2) / 2 sigma^2) on a 12 x 12 grid around its middle, with sum 1; imfilter: correlation, 'replicate'.
    x = np.arange(12) - 5.5
    kernel = np.exp(-(x[:, None] ** 2 + x[None] ** 2) / (2 * 1.6**2))
    kernel /= kernel.sum()
    # SciPy puts the middle of 12 taps on the seventh, imfilter on the sixth.
    for channel, found in enumerate(np.moveaxis(degraded("bd", FRAME), 2, 0)):
        blurred = ndimage.correlate(FRAME[..., channel].astype(float), kernel, mode="nearest", origin=-1)
        np.testing.assert_array_equal(found, np.floor(blurred[1::4, 1::4] + 0.5))


def test_bd_of_duf_is_filtered_with_scipy_s_gaussian_and_reflected_borders() -> None:
    blurred = ndimage.gaussian_filter(FRAME.astype(float), (1.6, 1.6, 0), mode="mirror")
    np.testing.assert_array_equal(degraded("bd-duf", FRAME), np.floor(blurred[::4, ::4] + 0.5))


@pytest.mark.parametrize(("name", "first"), [("bi", 1.5), ("bd", 1.5), ("bd-duf", 0.0)])
def test_where_lr_pixels_lie(name: str, first: float) -> None:
    """On a ramp the value is twice the place: bi and bd agree, DUF's convention is 1.5 pixels away."""
    ramp = np.arange(0, 240, 2, dtype=np.uint8)[None, :, None].repeat(40, 0).repeat(3, 2)
    low = degraded(name, ramp)[5, 5:-5, 0].astype(float)
    np.testing.assert_array_equal(low, 2 * (4 * np.arange(5, 25) + first))
    down = degraded(name, ramp.transpose(1, 0, 2))
    np.testing.assert_array_equal(down[5:-5, 5, 0], low)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("bi", "5d3170e98f2e47d7"), ("bd", "d2e35cd230528ffe"), ("bd-duf", "b5b671e7be1ac684")],
)
def test_the_bytes_stay_what_they_are(name: str, expected: str) -> None:
    """Should this fail on a machine of yours, its pairs are not those of others."""
    assert hashlib.sha256(degraded(name, FRAME).tobytes()).hexdigest()[:16] == expected


def test_the_kernel_sums_to_one() -> None:
    assert gaussian(12).sum() == pytest.approx(1, abs=1e-15)
    np.testing.assert_allclose(gaussian(13), ndimage.gaussian_filter1d(np.eye(13)[6], 1.6), atol=1e-12)


def test_other_scales_and_sizes() -> None:
    with pytest.raises(InputError, match="degradation bd: scale: 2 is not supported; use 4"):
        degrade_clip(ArrayClip("clip", FRAME[None]), load_degradation("bd").model_copy(update={"scale": 2}))
    with pytest.raises(InputError, match="clip odd: the ground truth is 30x24: crop it to multiples of 4 first"):
        degrade_clip(ArrayClip("odd", FRAME[None, :, :30]), load_degradation("bi"))
    half = DegradationCard(name="half", pipeline="mgld_bench.degradation.bicubic:Bicubic", scale=2)
    assert np.asarray(degrade_clip(ArrayClip("clip", FRAME[None]), half)[0]).shape == (1, 12, 16, 3)
