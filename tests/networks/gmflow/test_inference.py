"""How frames of any size are given to GMFlow and UniMatch."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.networks.gmflow.inference import (
    as_landscape,
    from_landscape,
    next_multiples,
    padded_flow,
    resize_flow_back,
    resized_flow,
)
from mgld_bench.networks.gmflow.network import SCALE1, GMFlow
from mgld_bench.networks.layers.centred_padding import pad_centred
from mgld_bench.networks.layers.warping import inside, warp


@pytest.fixture(scope="module")
def network() -> GMFlow:
    torch.manual_seed(8)
    return GMFlow(replace(SCALE1, feature_channels=8, num_transformer_layers=1, ffn_dim_expansion=1)).eval()


def pictures(height: int, width: int) -> Tensor:
    return 255 * torch.rand(2, 1, 3, height, width, generator=torch.Generator().manual_seed(9))


@pytest.mark.parametrize("both", [False, True])
def test_frames_that_fit_are_taken_as_they_are(network: GMFlow, both: bool) -> None:
    first, second = pictures(32, 48)
    expected = network(first, second, both)
    assert torch.equal(padded_flow(network, first, second, 16, both), expected)
    assert torch.equal(resized_flow(network, first, second, (32, 48), both), expected)


def test_padded_flow_is_the_middle_of_the_flow_of_padded_frames(network: GMFlow) -> None:
    first, second = pictures(27, 45)
    whole = network(pad_centred(first, 16), pad_centred(second, 16))
    assert torch.equal(padded_flow(network, first, second, 16), whole[:, :, 2:29, 1:46])


def test_resized_flow_has_the_size_of_the_frames(network: GMFlow) -> None:
    assert resized_flow(network, *pictures(27, 45), (32, 64), both=True).shape == (2, 2, 27, 45)


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([8, 16, 32]))
def test_next_multiples(height: int, width: int, factor: int) -> None:
    for side, multiple in zip((height, width), next_multiples((height, width), factor), strict=True):
        assert multiple % factor == 0
        assert side <= multiple < side + factor


def test_a_flow_that_is_resized_back_is_in_pixels_of_the_frames() -> None:
    flow = torch.tensor([3.0, -4.0]).view(1, 2, 1, 1).expand(1, 2, 8, 16)
    back = resize_flow_back(flow, (6, 24))
    torch.testing.assert_close(back, torch.tensor([4.5, -3.0]).view(1, 2, 1, 1).expand(1, 2, 6, 24))


def test_only_portrait_frames_are_transposed() -> None:
    landscape, portrait = pictures(5, 8)[0], pictures(8, 5)[0]
    assert as_landscape(landscape) is landscape
    assert torch.equal(as_landscape(portrait), portrait.transpose(2, 3))


def test_the_flow_of_transposed_frames_serves_the_portrait_ones() -> None:
    second = pictures(12, 7)[0]
    flow = torch.randint(-2, 3, (1, 2, 12, 7), generator=torch.Generator().manual_seed(2)).float()
    first = warp(second, flow)
    of_landscape = flow.transpose(2, 3).flip(1)
    seen = inside(of_landscape)[:, None]
    torch.testing.assert_close(seen * warp(as_landscape(second), of_landscape), seen * as_landscape(first), rtol=0, atol=1e-2)
    assert torch.equal(from_landscape(of_landscape, exchange=True), flow)
    assert torch.equal(from_landscape(of_landscape, exchange=False), flow.flip(1))
