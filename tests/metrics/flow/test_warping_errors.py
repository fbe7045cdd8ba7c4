from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.metrics.flow import warping_error
from mgld_bench.metrics.temporal.tof import Farneback
from tests.helpers.metric_samples import Frames, read_frames

Array = np.ndarray[Any, Any]
HEIGHT, WIDTH = 96, 160
BACKWARD_ONLY = (warping_error.l1_zeros, warping_error.l1_border, warping_error.l1_valid)
WITH_BOTH = (warping_error.l1_masked, warping_error.lai, warping_error.evalcrafter)
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
    for error in BACKWARD_ONLY:
        assert error(frame, frame, still).item() == pytest.approx(0, abs=1e-4)
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
    assert warping_error.l1_zeros(previous, frame, backward).item() == pytest.approx(zeros, rel=1e-3, abs=2e-3)
    nearest = first[rows.clip(0, HEIGHT - 1)][:, columns.clip(0, WIDTH - 1)].astype(float)
    border = np.abs(second - nearest).mean()
    assert warping_error.l1_border(previous, frame, backward).item() == pytest.approx(border, rel=1e-3, abs=2e-3)
    assert warping_error.l1_valid(previous, frame, backward).item() == pytest.approx(0, abs=2e-3)
    assert warping_error.l1_masked(previous, frame, backward, forward).item() == pytest.approx(0, abs=2e-3)
    # Lai et al. compare on the grid of the first frame, and leave out nothing where the flow is constant and consistent.
    back_rows, back_columns = np.arange(HEIGHT) - down, np.arange(WIDTH) - right
    found = second[back_rows.clip(0, HEIGHT - 1)][:, back_columns.clip(0, WIDTH - 1)] / 255
    squared = ((found - first / 255) ** 2).mean()
    assert warping_error.lai(previous, frame, backward, forward).item() == pytest.approx(squared, rel=1e-3, abs=1e-7)
    assert warping_error.evalcrafter(previous, frame, backward, forward).item() == pytest.approx(
        3000 * squared, rel=1e-3, abs=1e-3
    )


def test_the_wrong_direction_is_unmistakable_on_real_motion(bikes: Frames) -> None:
    for first, second in pairwise(bikes[:5]):
        previous, frame = levels(first), levels(second)
        backward, forward = farneback_flow(second, first), farneback_flow(first, second)
        right, wrong = (warping_error.l1_valid(previous, frame, flow).item() for flow in (backward, forward))
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
    assert warping_error.l1_valid(frame, 255 - frame, away).isnan().all()
    assert warping_error.l1_masked(frame, 255 - frame, away, away).isnan().all()
    assert warping_error.lai(frame, 255 - frame, away, away).item() == 0
    assert warping_error.evalcrafter(frame, 255 - frame, away, away).item() == 0


def test_a_motion_boundary_does_not_count() -> None:
    forward = torch.zeros(1, 2, HEIGHT, WIDTH)
    forward[:, 0, :, 80:] = 0.2
    seen = warping_error.lai_seen(-forward, forward)[0]
    assert not seen[:, 79].any()
    assert seen[:, :79].all()
    assert seen[:, 80:].all()


def test_inputs_are_left_as_they_are(bikes: Frames) -> None:
    pair = [levels(bikes[0]), levels(bikes[1]), farneback_flow(bikes[1], bikes[0]), farneback_flow(bikes[0], bikes[1])]
    before = [tensor.clone() for tensor in pair]
    for error in BACKWARD_ONLY:
        error(*pair[:3])
    for error in WITH_BOTH:
        error(*pair)
    assert all(torch.equal(*tensors) for tensors in zip(pair, before, strict=True))
