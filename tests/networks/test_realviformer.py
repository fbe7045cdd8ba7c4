"""RealViformer: the official names, frames as a stream, and what decides the flow of narrow frames."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
import torch

from mgld_bench.methods.bases.network_restorer import fill_with_fixed_weights
from mgld_bench.networks.realviformer import RealViformer
from mgld_bench.networks.sizes.realviformer import RealViformerConfig
from mgld_bench.networks.spynet import SPyNet

PARAMETERS = Path(__file__).parents[1] / "parity" / "fixtures" / "realviformer" / "parameters.tsv"
SMALL = RealViformerConfig(num_feat=8, num_blocks=(1, 1, 1, 1), heads=(1, 1, 2), merge_head=1)


@pytest.fixture(scope="module")
def network() -> RealViformer:
    network = RealViformer(SMALL)
    fill_with_fixed_weights(network, 0.7)
    return network


def test_names_and_shapes_are_the_official_ones() -> None:
    with torch.device("meta"):
        held = RealViformer(RealViformerConfig()).state_dict()
    rows = [line.split("\t") for line in PARAMETERS.read_text().splitlines()]
    assert {name: tuple(tensor.shape) for name, tensor in held.items()} == {name: ast.literal_eval(shape) for name, shape in rows}
    assert sum(tensor.numel() for tensor in held.values()) == 5_817_593


@torch.inference_mode()
def test_a_frame_depends_on_all_before_it_and_on_none_after(network: RealViformer) -> None:
    frames = list(torch.rand(4, 1, 3, 12, 36, generator=torch.Generator().manual_seed(3)))
    whole = list(network.stream(frames))
    assert whole[0].shape == (1, 3, 48, 144)
    torch.testing.assert_close(list(network.stream(frames[:2])), whole[:2], rtol=0, atol=0)
    changed = list(network.stream([1 - frames[0], *frames[1:]]))
    assert not torch.equal(changed[3], whole[3])


@torch.inference_mode()
def test_the_pyramid_of_narrow_frames_has_a_level_fewer(network: RealViformer) -> None:
    wide, narrow = torch.rand(1, 3, 32, 64), torch.rand(1, 3, 64, 32)
    plain = SPyNet().eval()
    plain.load_state_dict(network.spynet.state_dict())
    assert len(network.spynet.pyramid_flows(wide, wide)) == len(plain.pyramid_flows(wide, wide)) == 6
    assert len(network.spynet.pyramid_flows(narrow, narrow)) == 5


@pytest.mark.parametrize(
    ("sizes", "message"),
    [
        ({"num_feat": 10}, "squeeze_factor"),
        ({"heads": (5, 2, 4)}, r"heads\[0\]"),
        ({"merge_head": 5}, "merge_head"),
        ({"num_blocks": (2, 0, 4, 1)}, r"num_blocks\[1\]"),
    ],
)
def test_sizes_that_do_not_fit_together_are_refused(sizes: dict[str, int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        RealViformerConfig(**sizes)  # type: ignore[arg-type]
