"""The training losses of MGLD-VSR's decoder as measures: laws, and values that are known without computing them the same way."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.metrics.flow.sequence_measures import (
    frame_difference,
    sobel_magnitude,
    structure_weighted_consistency,
    visible_structure,
)

FLAT_WEIGHT = 1 + 3 * math.sqrt(1e-6)
"""What counts where there is no edge."""


def clip(count: int = 4, height: int = 14, width: int = 17, seed: int = 1) -> Tensor:
    return 2 * torch.rand(count, 3, height, width, generator=torch.Generator().manual_seed(seed)) - 1


def flows(count: int = 3, height: int = 14, width: int = 17, size: float = 1.5) -> tuple[Tensor, Tensor]:
    forward, backward = size * torch.randn(2, count, 2, height, width, generator=torch.Generator().manual_seed(2))
    return forward, backward


def consistency(restored: Tensor, truth: Tensor, forward: Tensor, backward: Tensor) -> tuple[Tensor, Tensor]:
    return structure_weighted_consistency(restored[:-1], restored[1:], truth[:-1], truth[1:], backward, forward)


def test_frames_that_are_wrong_in_the_same_way_do_not_differ() -> None:
    truth = clip()
    restored = truth + clip(count=1, seed=3)
    assert frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:]).max() < 1e-6


@settings(deadline=None)
@given(st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=5))
def test_a_brightness_that_flickers_is_the_difference(brightness: list[float]) -> None:
    truth = clip(count=len(brightness), height=4, width=5)
    restored = truth + torch.tensor(brightness).view(-1, 1, 1, 1)
    expected = torch.tensor(brightness, dtype=torch.float64).diff().abs()
    torch.testing.assert_close(frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:]), expected, rtol=0, atol=1e-6)


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
    differences = frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:])
    for i in range(3):
        frames = (restored[i : i + 1], restored[i + 1 : i + 2], truth[i : i + 1], truth[i + 1 : i + 2])
        halves = structure_weighted_consistency(*frames, backward[i : i + 1], forward[i : i + 1])
        for half, whole in zip(halves, at_once, strict=True):
            torch.testing.assert_close(half[0], whole[i], rtol=1e-6, atol=0)
        torch.testing.assert_close(frame_difference(*frames)[0], differences[i], rtol=1e-6, atol=0)


def test_a_clip_backwards_has_its_halves_exchanged() -> None:
    restored, truth = clip(seed=10), clip(seed=11)
    forward, backward = flows()
    onto_frame, onto_previous = consistency(restored, truth, forward, backward)
    reversed_frame, reversed_previous = consistency(restored.flip(0), truth.flip(0), backward.flip(0), forward.flip(0))
    torch.testing.assert_close(reversed_frame, onto_previous.flip(0))
    torch.testing.assert_close(reversed_previous, onto_frame.flip(0))
    assert not torch.allclose(onto_frame, onto_previous)


def test_nothing_that_is_given_is_changed() -> None:
    restored, truth = clip(seed=12), clip(seed=13)
    forward, backward = flows()
    given_before = [each.clone() for each in (restored, truth, forward, backward)]
    consistency(restored, truth, forward, backward)
    frame_difference(restored[:-1], restored[1:], truth[:-1], truth[1:])
    sobel_magnitude(truth)
    for before, after in zip(given_before, (restored, truth, forward, backward), strict=True):
        assert torch.equal(before, after)
