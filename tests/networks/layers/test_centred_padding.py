"""Padding with the image in the middle."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.networks.layers.centred_padding import pad_centred, unpad_centred


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
