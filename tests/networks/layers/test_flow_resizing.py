"""Optical flow at another size."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.networks.layers.flow_resizing import resize_flow

SIDES = st.integers(1, 20)


@settings(deadline=None)
@given(SIDES, SIDES, SIDES, SIDES, st.floats(-5, 5), st.floats(-5, 5))
def test_a_uniform_motion_is_scaled_with_the_sides(
    height: int, width: int, new_height: int, new_width: int, x: float, y: float
) -> None:
    flow = torch.tensor([x, y]).view(1, 2, 1, 1).expand(2, -1, height, width)
    scaled = torch.tensor([x * new_width / width, y * new_height / height])
    expected = scaled.view(1, 2, 1, 1).expand(2, -1, new_height, new_width)
    torch.testing.assert_close(resize_flow(flow, (new_height, new_width)), expected, rtol=1e-5, atol=1e-6)


def test_half_the_size_is_half_the_mean_of_two_by_two() -> None:
    flow = torch.randn(1, 2, 6, 10)
    halved = flow.view(1, 2, 3, 2, 5, 2).mean(dim=(3, 5)) / 2
    torch.testing.assert_close(resize_flow(flow, (3, 5)), halved)


def test_the_same_size_changes_nothing() -> None:
    flow = torch.randn(1, 2, 5, 7)
    kept = flow.clone()
    assert torch.equal(resize_flow(flow, (5, 7)), kept)
    resize_flow(flow, (9, 9))
    assert torch.equal(flow, kept)
