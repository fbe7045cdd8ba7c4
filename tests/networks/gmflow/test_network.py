"""GMFlow and UniMatch as whole networks."""

from __future__ import annotations

import ast
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import Tensor

from mgld_bench.networks.gmflow.network import REGREFINE6, SCALE1, SCALE2, GMFlow, GMFlowConfig

FIXTURES = Path(__file__).parents[2] / "parity" / "fixtures"
SMALL = {
    "scale1": replace(SCALE1, feature_channels=16, num_transformer_layers=2, ffn_dim_expansion=1),
    "scale2": replace(SCALE2, feature_channels=16, num_transformer_layers=2, ffn_dim_expansion=1),
    "regrefine": replace(REGREFINE6, num_reg_refine=2, feature_channels=16, num_transformer_layers=2, ffn_dim_expansion=1),
    "whole-map": replace(SCALE1, attn_splits=(1,), feature_channels=16, num_transformer_layers=2, ffn_dim_expansion=1),
}
TOLERANCE = 2e-4
"""Pixels. The flows reach tens of pixels; rounding alone moves them by some 1e-5."""


def small_network(name: str, block_bytes: int = 2**20) -> GMFlow:
    torch.manual_seed(6)
    return GMFlow(SMALL[name], block_bytes).eval()


@pytest.fixture(scope="module")
def images() -> Tensor:
    """Two pairs: images 0 and 1, and images 2 and 3."""
    return 255 * torch.rand(4, 3, 32, 64, generator=torch.Generator().manual_seed(7))


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (SCALE1, "gmflow/parameters.tsv"),
        (SCALE2, "gmflow/parameters-scale2.tsv"),
        (REGREFINE6, "unimatch/parameters.tsv"),
    ],
)
def test_names_and_shapes_are_the_official_ones(config: GMFlowConfig, parameters: str) -> None:
    rows = [line.split("\t") for line in (FIXTURES / parameters).read_text().splitlines()]
    with torch.device("meta"):
        network = GMFlow(config)
    shapes = {name: tuple(tensor.shape) for name, tensor in network.state_dict().items()}
    assert shapes == {name: ast.literal_eval(shape) for name, shape in rows}


def test_padding_factors_are_the_authors() -> None:
    assert [config.padding_factor for config in (SCALE1, SCALE2, REGREFINE6)] == [16, 32, 32]


@pytest.mark.parametrize("name", SMALL)
def test_flow_does_not_depend_on_the_size_of_blocks(name: str, images: Tensor) -> None:
    expected = small_network(name)(images[:2], images[2:], both=True)
    assert expected.abs().max() > 5
    for block_bytes in (1, 20_000, 2**30):
        flow = small_network(name, block_bytes)(images[:2], images[2:], both=True)
        torch.testing.assert_close(flow, expected, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("name", SMALL)
def test_backward_half_is_the_flow_of_the_exchanged_images(name: str, images: Tensor) -> None:
    network = small_network(name)
    flows = network(images[:2], images[2:], both=True)
    assert flows.shape == (4, 2, 32, 64)
    torch.testing.assert_close(flows[:2], network(images[:2], images[2:]), rtol=0, atol=TOLERANCE)
    torch.testing.assert_close(flows[2:], network(images[2:], images[:2]), rtol=0, atol=TOLERANCE)
    assert (flows[:2] - flows[2:]).abs().max() > 1


@pytest.mark.parametrize("name", SMALL)
def test_features_of_a_clip_serve_all_its_pairs(name: str, images: Tensor) -> None:
    network = small_network(name)
    features = network.features(images)
    flows = network.flow([maps[1:] for maps in features], [maps[:-1] for maps in features])
    for pair, flow in enumerate(flows):
        expected = network(images[pair + 1 : pair + 2], images[pair : pair + 1])
        torch.testing.assert_close(flow[None], expected, rtol=0, atol=TOLERANCE)


def test_more_refinement_changes_the_flow(images: Tensor) -> None:
    once, twice = (GMFlow(replace(SMALL["regrefine"], num_reg_refine=count)).eval() for count in (1, 2))
    twice.load_state_dict(once.state_dict())
    assert (once(images[:1], images[1:2]) - twice(images[:1], images[1:2])).abs().max() > 100 * TOLERANCE


def test_no_gradient_is_recorded(images: Tensor) -> None:
    assert not small_network("scale1")(images[:1], images[1:2]).requires_grad


@pytest.mark.parametrize("size", [(64, 100), (60, 96)])
def test_sides_that_do_not_fit_are_an_error(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match=rf"multiples of 16, got {size[1]} x {size[0]}"):
        small_network("scale1").features(torch.zeros(1, 3, *size))


def test_a_list_with_a_missing_scale_is_an_error() -> None:
    with pytest.raises(ValueError, match="prop_radius must have one entry per scale"):
        replace(SCALE2, prop_radius=(-1,))
