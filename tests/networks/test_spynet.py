"""SPyNet on its own."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.networks.spynet import LEVELS, SPyNet, basicsr_names

PARAMETERS = Path(__file__).parents[1] / "parity" / "fixtures" / "spynet" / "parameters.tsv"


@pytest.fixture(scope="module")
def network() -> SPyNet:
    torch.manual_seed(1)
    return SPyNet().eval()


@pytest.fixture(scope="module")
def images() -> torch.Tensor:
    return torch.rand(3, 3, 40, 70, generator=torch.Generator().manual_seed(2))


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        network = SPyNet()
    rows = [line.split("\t") for line in PARAMETERS.read_text().splitlines()]
    official = {name: ast.literal_eval(shape) for name, shape in rows}
    held = dict(network.named_parameters()) | dict(network.named_buffers())
    assert {name: tuple(tensor.shape) for name, tensor in held.items()} == official
    assert set(official) - set(network.state_dict()) == {"mean", "std"}


def test_mmediting_names_become_basicsr_names_wherever_the_network_sits(network: SPyNet) -> None:
    official = network.state_dict()
    prefix = "generator.basicvsr.spynet."
    mmediting = {prefix + "mean": network.mean, "generator.upsample1.conv.weight": torch.zeros(1)}
    for name, tensor in official.items():
        level, convolution, leaf = name.split(".")[1], int(name.split(".")[3]), name.split(".")[4]
        mmediting[f"{prefix}basic_module.{level}.basic_module.{convolution // 2}.conv.{leaf}"] = tensor
    renamed = basicsr_names(mmediting)
    expected = {prefix + name for name in official} | {prefix + "mean", "generator.upsample1.conv.weight"}
    assert set(renamed) == expected
    assert all(renamed[prefix + name] is tensor for name, tensor in official.items())
    assert basicsr_names(official) == official


SIDES = st.integers(32, 64)
CORRECTIONS = st.lists(st.tuples(st.integers(-3, 3), st.integers(-3, 3)), min_size=LEVELS, max_size=LEVELS)


@settings(max_examples=6, deadline=None)
@given(SIDES, SIDES, CORRECTIONS)
def test_each_level_adds_its_correction_to_twice_the_flow_below(
    height: int, width: int, corrections: list[tuple[int, int]]
) -> None:
    network = SPyNet().eval()
    for tensor in network.state_dict().values():
        tensor.zero_()
    images = torch.rand(1, 3, height, width)
    flow = torch.zeros(2)
    expected = []
    padded = torch.tensor([32 * -(-width // 32), 32 * -(-height // 32)])
    for level, correction in enumerate(corrections):
        network.get_parameter(f"basic_module.{level}.basic_module.8.bias").data = torch.tensor(correction, dtype=torch.float32)
        flow = 2 * flow + torch.tensor(correction)
        columns, rows = (padded // 2 ** (LEVELS - 1 - level)).tolist()
        expected.append(flow.view(1, 2, 1, 1).expand(-1, -1, rows, columns))
    with torch.inference_mode():
        flows = network.pyramid_flows(images, images.flip(3))
        whole = network(images, images.flip(3))
    for got, wanted in zip(flows, expected, strict=True):
        torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)
    of_images = (flow * torch.tensor([width, height]) / padded).view(1, 2, 1, 1).expand(-1, -1, height, width)
    torch.testing.assert_close(whole, of_images, rtol=1e-5, atol=1e-5)


def test_pairs_of_a_batch_do_not_see_each_other(network: SPyNet, images: torch.Tensor) -> None:
    with torch.inference_mode():
        together = network(images, images.roll(1, 0))
        for pair, flow in enumerate(together):
            torch.testing.assert_close(network(images[pair][None], images[pair - 1][None])[0], flow, rtol=1e-4, atol=1e-5)
