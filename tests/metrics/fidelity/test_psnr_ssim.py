from __future__ import annotations

import math

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.signal import convolve2d

from mgld_bench.errors import InputError
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.fidelity.ssim import ssim
from mgld_bench.metrics.metric import Chunk, ClipScore, Frames
from tests.helpers.metric_samples import facts_of
from tests.helpers.scores import frame_scores


def score(name: str, restored: Frames, reference: Frames) -> ClipScore:
    scorer = load_metric(name).start(facts_of(*restored.shape[1:3]))
    scorer.add(Chunk(range(len(restored)), restored), Chunk(range(len(reference)), reference))
    return scorer.finish()


def noise(shape: tuple[int, ...], seed: int) -> Frames:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


@given(offset=st.integers(1, 255), base=st.integers(0, 255), side=st.integers(1, 9))
def test_a_constant_offset_has_the_psnr_of_the_closed_form(offset: int, base: int, side: int) -> None:
    base = min(base, 255 - offset)
    frames = np.full((1, side, side, 3), base, np.uint8)
    for name in ("psnr.rgb", "psnr.y-full"):
        assert score(name, frames + np.uint8(offset), frames).value == pytest.approx(20 * math.log10(255 / offset), abs=1e-9)


def test_psnr_equals_float64_arithmetic(bunny: Frames, degraded: Frames) -> None:
    first, second = bunny.astype(np.float64), degraded.astype(np.float64)
    weights = {"psnr.y": np.array([65.481, 128.553, 24.966]) / 255, "psnr.y-full": np.array([0.299, 0.587, 0.114])}
    expected = {name: ((first - second) @ row) ** 2 for name, row in weights.items()} | {"psnr.rgb": (first - second) ** 2}
    for name, squares in expected.items():
        values = 10 * np.log10(255**2 / squares.reshape(len(squares), -1).mean(axis=1))
        found = score(name, degraded, bunny)
        assert list(frame_scores(found).values()) == pytest.approx(list(values), abs=1e-6)
        assert found.value == pytest.approx(values.mean(), abs=1e-6)


def test_limited_range_luma_adds_132_hundredths_of_a_decibel(bunny: Frames, degraded: Frames) -> None:
    difference = score("psnr.y", degraded, bunny).value - score("psnr.y-full", degraded, bunny).value
    assert difference == pytest.approx(20 * math.log10(255 / 219), abs=1e-9)


@pytest.mark.parametrize("name", ["psnr.rgb", "psnr.y", "psnr.y-full", "ssim.rgb", "ssim.y", "ssim.y-full"])
def test_a_crop_is_cut_from_every_side(name: str, bunny: Frames, degraded: Frames) -> None:
    by_hand = score(name, degraded[:2, 5:-5, 5:-5], bunny[:2, 5:-5, 5:-5]).value
    assert score(f"{name}.crop5", degraded[:2], bunny[:2]).value == pytest.approx(by_hand, abs=1e-12)
    assert abs(score(name, degraded[:2], bunny[:2]).value - by_hand) > 1e-5


def test_identical_frames_are_infinite_and_make_the_clip_infinite(bunny: Frames, degraded: Frames) -> None:
    mixed = degraded.copy()
    mixed[3] = bunny[3]
    found = score("psnr.rgb", mixed, bunny)
    assert found.value == math.inf
    assert found.facts == {"infinite_frames": 1, "infinite_at": "3"}
    assert found.notes == ("psnr.rgb is infinite at frame 3",)
    assert [index for index, value in frame_scores(found).items() if math.isinf(value)] == [3]


@pytest.mark.parametrize("name", ["ssim.rgb", "ssim.y", "ssim.y-full"])
def test_ssim_of_a_frame_with_itself_is_one(name: str, bunny: Frames) -> None:
    assert score(name, bunny[:1], bunny[:1]).value == pytest.approx(1, abs=1e-12)


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 99), height=st.integers(11, 160), width=st.integers(11, 40), clip=st.booleans())
def test_separable_ssim_equals_the_dense_definition(seed: int, height: int, width: int, clip: bool) -> None:
    first, second = (noise((height, width), seed + part).astype(np.float64) for part in (0, 1000))
    assert ssim(first, second, clip) == pytest.approx(dense_ssim(first, second, clip), abs=1e-10)


def test_separable_ssim_equals_the_dense_definition_on_video(bunny: Frames, degraded: Frames) -> None:
    first, second = bunny[0, ..., 1].astype(np.float64), degraded[0, ..., 1].astype(np.float64)
    assert ssim(first, second) == pytest.approx(dense_ssim(first, second, False), abs=1e-10)


def dense_ssim(first: npt.NDArray[np.float64], second: npt.NDArray[np.float64], clip: bool) -> float:
    """Wang et al. 2004 as it is written: every sum over the whole 11x11 window."""
    y, x = np.mgrid[-5:6, -5:6]
    window = np.exp(-(x**2 + y**2) / (2 * 1.5**2))
    window /= window.sum()

    def under_window(plane: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return convolve2d(plane, window, mode="valid")

    mean_first, mean_second = under_window(first), under_window(second)
    variance_first = under_window(first**2) - mean_first**2
    variance_second = under_window(second**2) - mean_second**2
    covariance = under_window(first * second) - mean_first * mean_second
    structure = (2 * covariance + 58.5225) / (variance_first + variance_second + 58.5225)
    luminance = (2 * mean_first * mean_second + 6.5025) / (mean_first**2 + mean_second**2 + 6.5025)
    return float((luminance * (np.maximum(structure, 0) if clip else structure)).mean())


@settings(max_examples=15, deadline=None)
@given(seed=st.integers(0, 99))
def test_ssim_does_not_change_with_order_and_orientation(seed: int) -> None:
    first, second = noise((40, 52), seed).astype(np.float64), noise((40, 52), seed + 1000).astype(np.float64)
    expected = pytest.approx(ssim(first, second), abs=1e-12)
    assert ssim(second, first) == expected
    assert ssim(first[::-1], second[::-1]) == expected
    assert ssim(first[:, ::-1], second[:, ::-1]) == expected
    assert ssim(first.T, second.T) == expected


def test_only_pyiqas_variant_clips_the_structure_of_inverted_frames(bunny: Frames) -> None:
    # Bright where the other is dark: the covariance is negative nearly everywhere.
    frames = np.repeat(cv2.cvtColor(bunny[0], cv2.COLOR_RGB2GRAY)[None, ..., None], 3, axis=3)
    assert score("ssim.rgb", 255 - frames, frames).value < 0
    assert score("ssim.y", 255 - frames, frames).value < 0
    assert score("ssim.y-full", 255 - frames, frames).value > 0


@pytest.mark.parametrize(("name", "fits"), [("psnr.rgb", 1), ("psnr.y.crop3", 7), ("ssim.rgb", 11), ("ssim.y-full.crop4", 19)])
def test_too_small_frames_are_refused(name: str, fits: int) -> None:
    score(name, noise((1, fits, 40, 3), 1), noise((1, fits, 40, 3), 2))
    with pytest.raises(InputError, match=rf"{name} needs frames of at least {fits}x{fits}"):
        load_metric(name).start(facts_of(fits - 1, 40))
