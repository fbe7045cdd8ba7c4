"""Warping errors and structure-weighted consistency: laws, and values that are known without computing them the same way."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.metrics.flow import measures
from mgld_bench.metrics.flow.measures import sobel_magnitude, structure_weighted_consistency, visible_structure
from mgld_bench.metrics.temporal.tof import Farneback
from tests.helpers.metric_samples import Frames, read_frames

Array = np.ndarray[Any, Any]
HEIGHT, WIDTH = 96, 160
BACKWARD_ONLY = (measures.l1_zeros, measures.l1_border, measures.l1_valid)
WITH_BOTH: Sequence[Callable[[Tensor, Tensor, Tensor, Tensor], Tensor]] = (
    measures.l1_masked,
    measures.lai,
    measures.evalcrafter,
)
PICTURE = read_frames("bigbuckbunny.mp4", 30, 1, 160, 384)[0]


def levels(pixels: Array) -> Tensor:
    return torch.from_numpy(pixels.transpose(2, 0, 1)[None].astype(np.float32))


def constant_flow(right: float, down: float) -> Tensor:
    return torch.tensor([right, down], dtype=torch.float32).view(1, 2, 1, 1).expand(1, 2, HEIGHT, WIDTH).contiguous()


def moved(right: int, down: int) -> tuple[Array, Array]:
    """Two windows of a picture; the second lies further right and down."""
    top, left = 40, 60
    first = PICTURE[top : top + HEIGHT, left : left + WIDTH]
    return first, PICTURE[top + down :, left + right :][:HEIGHT, :WIDTH]


def farneback_flow(first: Array, second: Array) -> Tensor:
    return torch.from_numpy(Farneback().flow(first, second).transpose(2, 0, 1)[None].copy())


def test_a_static_clip_has_no_error() -> None:
    frame, still = levels(PICTURE[:HEIGHT, :WIDTH]), constant_flow(0, 0)
    for backward_error in BACKWARD_ONLY:
        assert backward_error(frame, frame, still).item() == pytest.approx(0, abs=1e-4)
    for error in WITH_BOTH:
        assert error(frame, frame, still, still).item() == pytest.approx(0, abs=1e-4)


@settings(max_examples=25, deadline=None)
@given(right=st.integers(-20, 20), down=st.integers(-20, 20))
def test_the_error_of_a_known_translation_is_that_of_the_border(right: int, down: int) -> None:
    first, second = moved(right, down)
    backward, forward = constant_flow(right, down), constant_flow(-right, -down)
    previous, frame = levels(first), levels(second)
    rows, columns = np.arange(HEIGHT) + down, np.arange(WIDTH) + right
    outside = ((rows < 0) | (rows >= HEIGHT))[:, None] | ((columns < 0) | (columns >= WIDTH))
    # Pixels whose position is in the image find their own value there; the others find zero, or the border.
    zeros = (second * outside[..., None]).mean()
    assert measures.l1_zeros(previous, frame, backward).item() == pytest.approx(zeros, rel=1e-3, abs=2e-3)
    nearest = first[rows.clip(0, HEIGHT - 1)][:, columns.clip(0, WIDTH - 1)].astype(float)
    border = np.abs(second - nearest).mean()
    assert measures.l1_border(previous, frame, backward).item() == pytest.approx(border, rel=1e-3, abs=2e-3)
    assert measures.l1_valid(previous, frame, backward).item() == pytest.approx(0, abs=2e-3)
    assert measures.l1_masked(previous, frame, backward, forward).item() == pytest.approx(0, abs=2e-3)
    # Lai et al. compare on the grid of the first frame, and leave out nothing where the flow is constant and consistent.
    back_rows, back_columns = np.arange(HEIGHT) - down, np.arange(WIDTH) - right
    found = second[back_rows.clip(0, HEIGHT - 1)][:, back_columns.clip(0, WIDTH - 1)] / 255
    squared = ((found - first / 255) ** 2).mean()
    assert measures.lai(previous, frame, backward, forward).item() == pytest.approx(squared, rel=1e-3, abs=1e-7)
    assert measures.evalcrafter(previous, frame, backward, forward).item() == pytest.approx(3000 * squared, rel=1e-3, abs=1e-3)


def test_the_wrong_direction_is_unmistakable_on_real_motion(bikes: Frames) -> None:
    for first, second in pairwise(bikes[:5]):
        previous, frame = levels(first), levels(second)
        backward, forward = farneback_flow(second, first), farneback_flow(first, second)
        right, wrong = (measures.l1_valid(previous, frame, flow).item() for flow in (backward, forward))
        unwarped = (frame - previous).abs().mean().item()
        assert right < 0.8 * unwarped
        assert wrong > 1.1 * unwarped


def test_pairs_are_scored_each_for_itself(bikes: Frames) -> None:
    flows = [
        [farneback_flow(*pair) for pair in pairwise(bikes[:4])],
        [farneback_flow(second, first) for first, second in pairwise(bikes[:4])],
    ]
    forward, backward = (torch.cat(direction) for direction in flows)
    frames = torch.cat([levels(frame) for frame in bikes[:4]])
    for error in WITH_BOTH:
        together = error(frames[:-1], frames[1:], backward, forward)
        assert together.dtype == torch.float64
        for place in range(3):
            part = slice(place, place + 1)
            alone = error(frames[:-1][part], frames[1:][part], backward[part], forward[part])
            assert together[place].item() == pytest.approx(alone.item(), rel=1e-6)


def test_without_a_pixel_that_counts_an_l1_error_is_no_number_and_a_squared_one_is_zero() -> None:
    frame, away = levels(PICTURE[:HEIGHT, :WIDTH]), constant_flow(1000, 0)
    assert measures.l1_valid(frame, 255 - frame, away).isnan().all()
    assert measures.l1_masked(frame, 255 - frame, away, away).isnan().all()
    assert measures.lai(frame, 255 - frame, away, away).item() == 0
    assert measures.evalcrafter(frame, 255 - frame, away, away).item() == 0


def test_a_motion_boundary_does_not_count() -> None:
    forward = torch.zeros(1, 2, HEIGHT, WIDTH)
    forward[:, 0, :, 80:] = 0.2
    seen = measures.lai_visible(-forward, forward)[0]
    assert not seen[:, 79].any()
    assert seen[:, :79].all()
    assert seen[:, 80:].all()


def test_errors_leave_their_inputs_as_they_are(bikes: Frames) -> None:
    pair = [levels(bikes[0]), levels(bikes[1]), farneback_flow(bikes[1], bikes[0]), farneback_flow(bikes[0], bikes[1])]
    before = [tensor.clone() for tensor in pair]
    for backward_error in BACKWARD_ONLY:
        backward_error(*pair[:3])
    for error in WITH_BOTH:
        error(*pair)
    assert all(torch.equal(*tensors) for tensors in zip(pair, before, strict=True))


FLAT_WEIGHT = 1 + 3 * math.sqrt(1e-6)
"""What counts where there is no edge."""


def clip(count: int = 4, height: int = 14, width: int = 17, seed: int = 1) -> Tensor:
    return 2 * torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed)) - 1


def flows(count: int = 3, height: int = 14, width: int = 17, size: float = 1.5) -> tuple[Tensor, Tensor]:
    forward, backward = size * torch.randn(2, count, 2, height, width, generator=torch.Generator().manual_seed(2))
    return forward, backward


def consistency(restored: Tensor, truth: Tensor, forward: Tensor, backward: Tensor) -> tuple[Tensor, Tensor]:
    return structure_weighted_consistency(restored[:-1], restored[1:], truth[:-1], truth[1:], backward, forward)


@settings(deadline=None)
@given(st.floats(-1, 1), st.floats(-1, 1))
def test_the_magnitude_of_a_slope_is_its_steepness(across: float, down: float) -> None:
    y, x = torch.meshgrid(torch.arange(6.0), torch.arange(7.0), indexing="ij")
    images = (across * x + down * y).expand(2, 3, -1, -1)
    inner = sobel_magnitude(images)[..., 1:-1, 1:-1]
    torch.testing.assert_close(inner, torch.full_like(inner, math.sqrt(across**2 + down**2 + 1e-6)), rtol=1e-5, atol=1e-5)


def test_a_border_is_repeated_before_edges_are_looked_for() -> None:
    x = torch.arange(7.0).expand(1, 3, 6, 7)
    expected = torch.tensor([0.5, 1, 1, 1, 1, 1, 0.5]).expand(1, 3, 6, 7)
    torch.testing.assert_close(sobel_magnitude(x), expected, rtol=0, atol=1e-5)


@settings(deadline=None)
@given(st.floats(-1, 1, width=32), st.floats(-1, 1, width=32))
def test_flat_frames_at_rest_are_as_inconsistent_as_their_brightness(first: float, second: float) -> None:
    restored = torch.tensor([first, second]).view(2, 1, 1, 1).expand(2, 3, 5, 6)
    truth = torch.zeros(2, 3, 5, 6)
    rest = torch.zeros(1, 2, 5, 6)
    for half in consistency(restored, truth, rest, rest):
        assert half.item() == pytest.approx(FLAT_WEIGHT * abs(first - second), rel=1e-5, abs=1e-6)


def test_edges_of_the_ground_truth_weigh_more_by_three_times_their_magnitude() -> None:
    restored, truth = clip(count=2, seed=4), clip(count=2, seed=5)
    rest = torch.zeros(1, 2, 14, 17)
    onto_frame, onto_previous = consistency(restored, truth, rest, rest)
    change = (restored[0] - restored[1]).abs()
    assert onto_frame.item() == pytest.approx(((1 + 3 * sobel_magnitude(truth[1:])[0]) * change).mean().item(), rel=1e-5)
    assert onto_previous.item() == pytest.approx(((1 + 3 * sobel_magnitude(truth[:1])[0]) * change).mean().item(), rel=1e-5)


def test_a_picture_that_moves_with_the_flow_is_consistent_but_for_what_comes_in() -> None:
    picture = clip(count=1, height=14, width=18, seed=6)
    moved = torch.cat([picture[..., 1:], picture[..., :-1]])
    # The picture moves by one pixel to the right.
    right = torch.tensor([1.0, 0.0]).view(1, 2, 1, 1).expand(1, 2, 14, 17)
    onto_frame, onto_previous = consistency(moved, torch.zeros_like(moved), right, -right)
    came_in, went_out = moved[1, :, :, 0], moved[0, :, :, -1]
    # The zeros outside make the flow of the edge column inconsistent: it is occluded.
    assert visible_structure(moved[:1], right, -right)[..., -1].max() == 0
    assert onto_frame.item() < 1e-4 < came_in.abs().mean()
    assert onto_previous.item() < 1e-4 < went_out.abs().mean()
    rest = torch.zeros_like(right)
    assert min(half.item() for half in consistency(moved, torch.zeros_like(moved), rest, rest)) > 0.5


def test_what_is_occluded_does_not_count() -> None:
    truth = clip(count=2)
    forward, backward = torch.zeros(2, 1, 2, 14, 17)
    forward[..., 4:8, 5:9] = 3.0
    hidden = torch.zeros(14, 17, dtype=torch.bool)
    hidden[4:8, 5:9] = True
    weights = visible_structure(truth[:1], forward, backward)[0]
    assert torch.equal(weights == 0, hidden.expand(3, -1, -1))
    restored = clip(count=2, seed=7)
    _, before = consistency(restored, truth, forward, backward)
    restored[0][:, hidden] += 5
    _, after = consistency(restored, truth, forward, backward)
    assert torch.equal(before, after)


def test_pair_by_pair_is_the_clip_at_once() -> None:
    restored, truth = clip(seed=8), clip(seed=9)
    forward, backward = flows()
    at_once = consistency(restored, truth, forward, backward)
    for i in range(3):
        frames = (restored[i : i + 1], restored[i + 1 : i + 2], truth[i : i + 1], truth[i + 1 : i + 2])
        halves = structure_weighted_consistency(*frames, backward[i : i + 1], forward[i : i + 1])
        for half, whole in zip(halves, at_once, strict=True):
            torch.testing.assert_close(half[0], whole[i], rtol=1e-6, atol=0)


def test_a_clip_backwards_has_its_halves_exchanged() -> None:
    restored, truth = clip(seed=10), clip(seed=11)
    forward, backward = flows()
    onto_frame, onto_previous = consistency(restored, truth, forward, backward)
    reversed_frame, reversed_previous = consistency(restored.flip(0), truth.flip(0), backward.flip(0), forward.flip(0))
    torch.testing.assert_close(reversed_frame, onto_previous.flip(0))
    torch.testing.assert_close(reversed_previous, onto_frame.flip(0))
    assert not torch.allclose(onto_frame, onto_previous)


def test_consistency_leaves_its_inputs_as_they_are() -> None:
    restored, truth = clip(seed=12), clip(seed=13)
    forward, backward = flows()
    given_before = [each.clone() for each in (restored, truth, forward, backward)]
    consistency(restored, truth, forward, backward)
    sobel_magnitude(truth)
    for before, after in zip(given_before, (restored, truth, forward, backward), strict=True):
        assert torch.equal(before, after)


def test_the_thresholds_of_occlusions_and_motion_boundaries_are_those_of_the_sources() -> None:
    """Occlusions: the forward-backward check of GMFlow. Boundaries: the warping error of Lai et al., 2018."""
    assert (measures.OCCLUSION_ALPHA, measures.OCCLUSION_BETA) == (0.01, 0.5)
    assert (measures._BOUNDARY_SHARE, measures._BOUNDARY_FLOOR) == (0.01, 0.002)
