"""How frames of any size are fed to GMFlow and UniMatch."""

from __future__ import annotations

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from mgld_bench.networks.gmflow.inference import (
    as_landscape,
    from_landscape,
    next_multiples,
    resize_flow_back,
    resize_images,
)
from mgld_bench.networks.layers.optical_flow import inside, warp


def pictures(height: int, width: int) -> Tensor:
    return 255 * torch.rand(2, 1, 3, height, width, generator=torch.Generator().manual_seed(9))


@given(st.integers(1, 3000), st.integers(1, 3000), st.sampled_from([8, 16, 32]))
def test_next_multiples(height: int, width: int, factor: int) -> None:
    for side, multiple in zip((height, width), next_multiples((height, width), factor), strict=True):
        assert multiple % factor == 0
        assert side <= multiple < side + factor


def test_a_flow_that_is_resized_back_is_in_pixels_of_the_frames() -> None:
    flow = torch.tensor([3.0, -4.0]).view(1, 2, 1, 1).expand(1, 2, 8, 16)
    back = resize_flow_back(flow, (6, 24))
    torch.testing.assert_close(back, torch.tensor([4.5, -3.0]).view(1, 2, 1, 1).expand(1, 2, 6, 24))


def test_images_that_fit_are_not_copied() -> None:
    fitting, flow = pictures(32, 48)[0], torch.zeros(1, 2, 32, 48)
    assert resize_images(fitting, (32, 48)) is fitting
    assert resize_flow_back(flow, (32, 48)) is flow


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
    assert torch.equal(from_landscape(of_landscape), flow)
