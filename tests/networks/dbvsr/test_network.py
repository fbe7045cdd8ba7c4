"""DBVSR on its own: names, its parts, and the shorter ways against the plain ones."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.networks.dbvsr.enlargement import ComposedEnlargement
from mgld_bench.networks.dbvsr.network import DBVSR, space_to_depth
from mgld_bench.networks.sizes.dbvsr import DBVSRConfig
from tests.helpers.official_names import official_shapes


@pytest.fixture(scope="module")
def network() -> DBVSR:
    network = DBVSR(DBVSRConfig(features=8, condition_features=4, reconstruction_blocks=1))
    fill_with_fixed_weights(network)
    return network


@pytest.fixture(scope="module")
def window() -> torch.Tensor:
    return torch.rand(1, 5, 3, 9, 14, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(("table", "blocks"), [("parameters", (1, 3)), ("parameters-large", (3, 20))])
def test_names_and_shapes_are_the_official_ones(table: str, blocks: tuple[int, int]) -> None:
    with torch.device("meta"):
        network = DBVSR(DBVSRConfig(feature_blocks=blocks[0], reconstruction_blocks=blocks[1]))
    assert {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()} == official_shapes("dbvsr", table)


def test_depth_holds_rows_then_columns_then_colours() -> None:
    frames = torch.rand(2, 3, 8, 12, generator=torch.Generator().manual_seed(2))
    deep = space_to_depth(frames)
    assert deep.shape == (2, 48, 2, 3)
    for row in range(4):
        for column in range(4):
            start = (4 * row + column) * 3
            assert torch.equal(deep[:, start : start + 3], frames[:, :, row::4, column::4])


@settings(max_examples=15, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 1000))
def test_one_convolution_enlarges_as_the_four_do(height: int, width: int, seed: int) -> None:
    network = DBVSR(DBVSRConfig(features=6, condition_features=2, reconstruction_blocks=0))
    generator = torch.Generator().manual_seed(seed)
    layers = torch.nn.Sequential(network.upsample_layers, network.out_conv).double()
    for parameter in layers.parameters():
        parameter.data = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
    features = torch.randn(2, 6, height, width, generator=generator, dtype=torch.float64)
    with torch.inference_mode():
        expected = layers(features)
        torch.testing.assert_close(ComposedEnlargement(layers)(features), expected, rtol=1e-10, atol=1e-9)


def test_the_network_enlarges_as_before_with_one_convolution(network: DBVSR, window: torch.Tensor) -> None:
    composed = DBVSR(DBVSRConfig(features=8, condition_features=4, reconstruction_blocks=1)).eval()
    composed.load_state_dict(network.state_dict())
    composed.compose_enlargement()
    assert set(composed.state_dict()) == set(network.state_dict())
    assert sum(part.numel() for part in composed.parameters()) == sum(part.numel() for part in network.parameters())
    with torch.inference_mode():
        torch.testing.assert_close(composed(window), network(window), rtol=1e-5, atol=1e-5)


def test_the_trunk_may_be_in_half_precision(network: DBVSR, window: torch.Tensor) -> None:
    half = DBVSR(DBVSRConfig(features=8, condition_features=4, reconstruction_blocks=1)).eval()
    half.load_state_dict(network.state_dict())
    half.compose_enlargement()
    for part in half.trunk():
        part.bfloat16()
    assert {name.split(".")[0] for name, tensor in half.state_dict().items() if tensor.dtype == torch.float32} == {
        "flow_net",
        "kernel_net",
    }
    with torch.inference_mode():
        exact, output = network(window), half(window)
    assert output.dtype == torch.float32
    # bfloat16 has 8 bits: 0.4 % per rounding.
    assert 0 < (output - exact).abs().mean() < 0.02 * exact.std()


def test_windows_of_a_batch_do_not_see_each_other(network: DBVSR, window: torch.Tensor) -> None:
    others = torch.rand(1, 5, 3, 9, 14, generator=torch.Generator().manual_seed(3))
    with torch.inference_mode():
        together = network(torch.cat([window, others]))
        torch.testing.assert_close(together[:1], network(window), rtol=1e-4, atol=1e-5)
        torch.testing.assert_close(together[1:], network(others), rtol=1e-4, atol=1e-5)


def test_every_frame_of_the_window_counts_in_its_own_place(network: DBVSR, window: torch.Tensor) -> None:
    with torch.inference_mode():
        output = network(window)
        assert output.shape == (1, 3, 36, 56)
        for place in range(5):
            changed = window.clone()
            changed[:, place] = changed[:, place].flip(-1)
            assert (network(changed) - output).abs().max() > 1e-4


def test_kernels_are_positive_and_sum_to_one(network: DBVSR, window: torch.Tensor) -> None:
    with torch.inference_mode():
        kernels = network.kernel_net(window[0])
    assert kernels.shape == (5, 1, 13, 13)
    assert kernels.min() > 0
    torch.testing.assert_close(kernels.sum((1, 2, 3)), torch.ones(5))


@pytest.mark.parametrize("size", [(1, 1), (3, 2), (70, 5)], ids=str)
def test_any_size_is_restored(network: DBVSR, size: tuple[int, int]) -> None:
    window = torch.rand(1, 5, 3, *size, generator=torch.Generator().manual_seed(4))
    with torch.inference_mode():
        output = network(window)
    assert output.shape == (1, 3, 4 * size[0], 4 * size[1])
    assert output.isfinite().all()
