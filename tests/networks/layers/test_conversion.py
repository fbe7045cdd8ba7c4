"""Networks that were made faster against the plain ones: Winograd's convolution, half precision with exact parts."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from mgld_bench.networks.layers import conversion
from mgld_bench.networks.layers.conversion import WinogradConvolution, cast_except, with_winograd, worthwhile


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 2), st.integers(1, 23), st.integers(1, 23), st.sampled_from([1, 40, 1 << 20]))
def test_it_equals_the_plain_convolution_whatever_the_size_and_the_strips(
    count: int, height: int, width: int, strip: int
) -> None:
    torch.manual_seed(height * width)
    plain = nn.Conv2d(5, 7, 3, padding=1).requires_grad_(False)
    images = torch.randn(count, 5, height, width)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(conversion, "_STRIP_ELEMENTS", strip)
        fast = WinogradConvolution(plain)(images)
    torch.testing.assert_close(fast, plain(images), rtol=0, atol=5e-5)


def test_only_convolutions_that_gain_are_replaced() -> None:
    wide, narrow, strided = nn.Conv2d(128, 128, 3, padding=1), nn.Conv2d(64, 128, 3, padding=1), nn.Conv2d(128, 128, 3, stride=2)
    assert [worthwhile(layer) for layer in (wide, narrow, strided, nn.ReLU())] == [True, False, False, False]
    replaced = with_winograd(nn.Sequential(wide, nn.ReLU(), narrow))
    assert isinstance(replaced[0], WinogradConvolution)
    assert replaced[2] is narrow


def test_a_convolution_without_bias_has_none_here_either() -> None:
    torch.manual_seed(0)
    plain = nn.Conv2d(128, 128, 3, padding=1, bias=False).requires_grad_(False)
    images = torch.randn(1, 128, 9, 6)
    torch.testing.assert_close(with_winograd(nn.Sequential(plain))(images), plain(images), rtol=0, atol=1e-4)


def test_exact_parts_keep_their_values_and_others_are_rounded() -> None:
    first, norm, last = nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Linear(3, 3)
    before = last.weight.clone()
    cast_except(nn.Sequential(first, norm, last), torch.bfloat16, [last])
    assert norm.running_mean is not None
    assert norm.num_batches_tracked is not None
    assert first.weight.dtype == norm.running_mean.dtype == torch.bfloat16
    assert norm.num_batches_tracked.dtype == torch.int64
    assert torch.equal(last.weight, before)
