"""RAFT's correlations, stored and computed where they are looked up."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torchvision.models.optical_flow.raft import CorrBlock

from mgld_bench.networks.raft.correlation import Correlation
from tests.helpers.largest_tensor import LargestTensor

ALL = 2**30


def features(height: int, width: int, count: int = 2) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(height * width)
    first, second = torch.randn(2, count, 8, height, width, generator=generator)
    return first, second


def ends(height: int, width: int, motion: float, count: int = 2) -> Tensor:
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack([x, y]) + motion * torch.randn(count, 2, height, width, generator=torch.Generator().manual_seed(5))


@pytest.mark.parametrize("motion", [0.0, 3.0, 300.0])
def test_windows_are_torchvisions(motion: float) -> None:
    first, second = features(17, 21)
    theirs = CorrBlock(num_levels=4, radius=4)
    theirs.build_pyramid(first, second)
    centres = ends(17, 21, motion)
    ours = Correlation(first, second, levels=4, radius=4, budget=ALL)
    torch.testing.assert_close(ours.look_up(centres), theirs.index_pyramid(centres), rtol=1e-5, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(8, 40),
    st.integers(8, 40),
    st.integers(1, 3),
    st.integers(1, 4),
    st.floats(0, 1),
    st.sampled_from([0.0, 2.0, 10.0, 1000.0]),
)
def test_the_budget_changes_nothing_but_rounding(
    height: int, width: int, levels: int, radius: int, share: float, motion: float
) -> None:
    first, second = features(height, width)
    centres = ends(height, width, motion)
    everything = 2 * 4 * (height * width) ** 2
    stored = Correlation(first, second, levels, radius, ALL).look_up(centres)
    bounded = Correlation(first, second, levels, radius, int(share * everything)).look_up(centres)
    # A position of 1000 carries 6e-5 of rounding.
    torch.testing.assert_close(bounded, stored, rtol=1e-4, atol=1e-3)


def test_nan_positions_leave_the_others_alone() -> None:
    first, second = features(20, 20)
    centres = ends(20, 20, 2.0)
    expected = Correlation(first, second, 2, 4, ALL).look_up(centres)
    broken = centres.clone()
    places = [3, 5, 7, 9]
    broken[..., places, places] = torch.tensor([float("nan"), float("inf"), -float("inf"), 1e30])
    looked_up = Correlation(first, second, 2, 4, budget=0).look_up(broken)
    good = torch.ones(20, 20, dtype=torch.bool)
    good[places, places] = False
    torch.testing.assert_close(looked_up[..., good], expected[..., good], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("motion", [0.5, 100.0])
def test_without_a_budget_nothing_grows_with_the_square_of_the_size(motion: float) -> None:
    first, second = features(64, 64, count=1)
    centres = ends(64, 64, motion, count=1)
    with LargestTensor() as stored:
        Correlation(first, second, 2, 4, ALL).look_up(centres)
    with LargestTensor() as bounded:
        Correlation(first, second, 2, 4, budget=0).look_up(centres)
    assert stored.elements >= 64**4
    assert bounded.elements <= 64**4 / 16
