"""Padding of images for optical flow, and flows at another size."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.networks.layers.optical_flow import pad_centred, resize_flow, unpad_centred


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([1, 2, 8, 16]))
def test_the_border_is_repeated_half_on_either_side_and_can_be_cut_again(height: int, width: int, multiple: int) -> None:
    images = torch.arange(2.0 * height * width).view(1, 2, height, width)
    padded = pad_centred(images, multiple)
    down, right = padded.shape[2] - height, padded.shape[3] - width
    assert 0 <= down < multiple
    assert 0 <= right < multiple
    assert padded.shape[2] % multiple == padded.shape[3] % multiple == 0
    around = ((0, 0), (0, 0), (down // 2, down - down // 2), (right // 2, right - right // 2))
    np.testing.assert_array_equal(padded.numpy(), np.pad(images.numpy(), around, mode="edge"))
    assert torch.equal(unpad_centred(padded, (height, width)), images)


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
