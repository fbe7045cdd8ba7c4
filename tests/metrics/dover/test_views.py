"""What DOVER looks at, and how its raw scores become scores."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from mgld_bench.metrics.dover.variants import AESTHETIC, TECHNICAL, fuse
from mgld_bench.metrics.dover.views import AestheticView, TechnicalView, ViewPlan, Views, enlarged, plan_views, squeezed
from tests.helpers.metric_samples import Frames

FEW = settings(max_examples=40, deadline=None)
SEEDS = st.integers(0, 2**32 - 1)


def plan(frame_count: int, height: int, width: int, seed: int = 7) -> ViewPlan:
    return plan_views(TechnicalView(), AestheticView(), frame_count, height, width, seed, seed)


def build(plan: ViewPlan, frames: Frames) -> Views:
    views = Views(plan)
    for index, frame in enumerate(frames):
        views.add(index, frame)
    assert not views.missing
    return views


def interpolated(frame: np.ndarray, size: tuple[int, int], antialias: bool = False) -> np.ndarray:
    planes = torch.from_numpy(frame).permute(2, 0, 1)[None].float()
    resized = functional.interpolate(planes, size=size, mode="bilinear", align_corners=False, antialias=antialias)
    return resized.round().clamp(0, 255).to(torch.uint8)[0].permute(1, 2, 0).numpy()


@pytest.fixture(scope="module")
def large(bunny: Frames) -> Frames:
    """(10, 262, 421, 3): the fragments have room to move."""
    return np.stack([cv2.resize(frame, (421, 262), interpolation=cv2.INTER_CUBIC) for frame in bunny])


@FEW
@given(st.integers(1, 600), SEEDS)
def test_frames_exist_and_their_number_does_not_depend_on_the_clip(frame_count: int, seed: int) -> None:
    found = plan(frame_count, 300, 300, seed)
    assert found.technical_frames.shape == (96,)
    assert found.aesthetic_frames.shape == (32,)
    for frames in (found.technical_frames, found.aesthetic_frames):
        assert frames.min() >= 0
        assert frames.max() < frame_count
    if frame_count >= 32:
        assert (np.diff(found.aesthetic_frames) > 0).all()


def test_a_clip_of_a_hundred_frames_leaves_no_choice_of_frames() -> None:
    for seed in (1, 2):
        found = plan(100, 300, 300, seed)
        assert found.aesthetic_frames.tolist() == list(range(0, 96, 3))
        assert found.technical_frames.tolist() == [start + step for start in (0, 33) for step in range(0, 64, 2)] + [
            index % 100 for index in range(66, 130, 2)
        ]


def test_of_a_clip_with_fewer_than_32_frames_the_aesthetic_view_sees_the_first_only() -> None:
    found = plan(31, 300, 300)
    assert not found.aesthetic_frames.any()
    assert set(found.technical_frames) == set(range(31))


@FEW
@given(st.integers(32, 700), st.integers(32, 700), SEEDS)
def test_fragments_lie_in_the_frame(height: int, width: int, seed: int) -> None:
    fragments = plan(40, height, width, seed).fragments
    seen = np.stack(np.meshgrid(np.arange(height), np.arange(width), indexing="ij"), axis=-1)
    places = np.concatenate([seen, seen[..., :1]], axis=-1)
    for group in range(3):
        rows, columns, _ = np.moveaxis(fragments.take(places, group).reshape(7, 32, 7, 32, 3), -1, 0)
        assert (np.diff(rows, axis=1) == 1).all()
        assert (np.diff(columns, axis=3) == 1).all()
    if height // 7 <= 32:
        assert not fragments.down.any()
    if width // 7 <= 32:
        assert not fragments.across.any()


def test_the_technical_view_is_the_authors_loop(large: Frames) -> None:
    found = plan(len(large), 262, 421)
    stack = large[found.technical_frames]
    expected = np.zeros((96, 224, 224, 3), np.uint8)
    for row in range(7):
        for column in range(7):
            for clip in range(3):
                top = min(262 // 7 * row, 262 - 32) + found.fragments.down[row, column, clip]
                left = min(421 // 7 * column, 421 - 32) + found.fragments.across[row, column, clip]
                places = slice(32 * clip, 32 * clip + 32)
                piece = stack[places, top : top + 32, left : left + 32]
                expected[places, 32 * row : 32 * row + 32, 32 * column : 32 * column + 32] = piece
    assert found.fragments.down.any()
    assert found.fragments.across.any()
    np.testing.assert_array_equal(build(found, large).technical, expected)


def test_frames_that_are_not_wanted_play_no_part(bunny: Frames) -> None:
    clip = np.concatenate([bunny] * 25)
    found = plan(len(clip), *clip.shape[1:3])
    wanted = {*found.technical_frames.tolist(), *found.aesthetic_frames.tolist()}
    other = clip.copy()
    other[[index for index in range(len(clip)) if index not in wanted]] = 0
    first, second = build(found, clip), build(found, other)
    assert len(wanted) < len(clip)
    np.testing.assert_array_equal(first.technical, second.technical)
    np.testing.assert_array_equal(first.aesthetic, second.aesthetic)


def test_plans_draw_from_streams_of_their_own() -> None:
    before = np.random.get_state(legacy=False)["state"]["key"].copy(), torch.random.get_rng_state()
    first = plan(400, 400, 400)
    assert np.array_equal(before[0], np.random.get_state(legacy=False)["state"]["key"])
    assert torch.equal(before[1], torch.random.get_rng_state())
    np.random.seed(3)
    torch.manual_seed(3)
    np.random.rand(5)
    second, other = plan(400, 400, 400), plan(400, 400, 400, seed=8)
    np.testing.assert_array_equal(first.technical_frames, second.technical_frames)
    np.testing.assert_array_equal(first.fragments.down, second.fragments.down)
    assert (first.technical_frames != other.technical_frames).any()
    assert (first.fragments.down != other.fragments.down).any()


@pytest.mark.parametrize("size", [(224, 224), (48, 64), (192, 320), (300, 200)])
def test_squeezing_is_bilinear_without_anti_aliasing(bunny: Frames, size: tuple[int, int]) -> None:
    ours = squeezed(bunny[0], *size).astype(int)
    plain = interpolated(bunny[0], size).astype(int)
    assert np.abs(ours - plain).max() <= 1
    assert (ours != plain).mean() < 1e-3
    if size == (48, 64):
        smooth = interpolated(bunny[0], size, antialias=True).astype(int)
        assert (np.abs(ours - smooth) > 1).mean() > 0.2
    if size == (192, 320):
        np.testing.assert_array_equal(ours, bunny[0])


def test_small_frames_are_enlarged_and_the_levels_cut_off(bunny: Frames) -> None:
    frame = bunny[0, :150, :230]
    ours = enlarged(frame, 224, 224)
    planes = torch.from_numpy(frame).permute(2, 0, 1)[:, None] / 255
    larger = functional.interpolate(planes, scale_factor=1 / (150 / 224), mode="bilinear", align_corners=False)
    authors = (larger * 255).to(torch.uint8)[:, 0].permute(1, 2, 0).numpy()
    assert ours.shape == authors.shape == (224, 343, 3)
    assert np.abs(ours.astype(int) - authors).max() <= 1
    assert (ours != authors).mean() < 1e-3
    assert enlarged(frame, 150, 230) is frame


def test_fusion_follows_the_raw_scores_without_overflow() -> None:
    at_the_centres = fuse(TECHNICAL.centre, AESTHETIC.centre)
    assert (at_the_centres.technical, at_the_centres.aesthetic, at_the_centres.fused) == (0.5, 0.5, 0.5)
    one_above = fuse(TECHNICAL.centre + TECHNICAL.scale, AESTHETIC.centre)
    assert one_above.technical == pytest.approx(1 / (1 + math.exp(-1)))
    assert one_above.fused == pytest.approx(1 / (1 + math.exp(-0.6104)))
    assert (fuse(1e4, 1e4).fused, fuse(-1e4, -1e4).fused) == (1, 0)
