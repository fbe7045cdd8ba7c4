from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models.optical_flow import raft_large

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.metrics.flow.adapters import FlowAdapter, GMFlowAdapter, UniMatchAdapter
from mgld_bench.metrics.flow.estimators import FlowEstimator, flow_estimators
from mgld_bench.metrics.flow.networks import load_flow_network
from mgld_bench.networks.gmflow.network import REGREFINE6, SCALE1, SCALE2, GMFlow, GMFlowConfig
from mgld_bench.networks.spynet import SPyNet
from tests.helpers.flow_samples import gmflow, raft, spynet
from tests.helpers.metric_samples import Frames

TWO_REFINEMENTS = replace(REGREFINE6, num_reg_refine=2)


def levels(frame: Frames) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].float()


@torch.no_grad()
def flow(adapter: FlowAdapter, source: Tensor, target: Tensor) -> Tensor:
    return adapter.flow(adapter.features(source), adapter.features(target))


@pytest.mark.parametrize(("config", "multiple"), [(SCALE1, 16), (SCALE2, 32)])
def test_gmflow_pads_on_all_sides_and_cuts_the_flow(config: GMFlowConfig, multiple: int, bikes: Frames) -> None:
    network, _ = gmflow(config)
    first, second = levels(bikes[0, :61, :90]), levels(bikes[1, :61, :90])
    # 61x90: 64x96 for both; one row above and two below, three columns on either side.
    padded = [functional.pad(frame, (3, 3, 1, 2), mode="replicate") for frame in (first, second)]
    assert padded[0].shape[2] % multiple == padded[0].shape[3] % multiple == 0
    expected = network(*padded)[:, :, 1:-2, 3:-3]
    found = flow(GMFlowAdapter(network), first, second)
    assert found.shape == (1, 2, 61, 90)
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)


def test_unimatch_resizes_and_puts_the_flow_of_portrait_frames_in_order(bikes: Frames) -> None:
    network, _ = gmflow(TWO_REFINEMENTS)
    adapter = UniMatchAdapter(network)
    first, second = levels(bikes[0, :61, :90]), levels(bikes[1, :61, :90])
    resized = [functional.interpolate(frame, (64, 96), mode="bilinear", align_corners=True) for frame in (first, second)]
    full = functional.interpolate(network(*resized), (61, 90), mode="bilinear", align_corners=True)
    expected = full * torch.tensor([90 / 96, 61 / 64]).view(1, 2, 1, 1)
    found = flow(adapter, first, second)
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4)
    portrait = flow(adapter, first.mT, second.mT)
    assert portrait.shape == (1, 2, 90, 61)
    torch.testing.assert_close(portrait.flip(1).mT, found, rtol=1e-4, atol=1e-4)
    fitting = levels(bikes[0, :64, :96]), levels(bikes[1, :64, :96])
    torch.testing.assert_close(flow(adapter, *fitting), network(*fitting), rtol=0, atol=1e-5)


@pytest.mark.parametrize("name", ["gmflow", "gmflow-refine", "unimatch", "spynet", "raft"])
def test_both_directions_together_are_those_of_two_calls(name: str, bikes: Frames) -> None:
    side = 133 if name == "raft" else 70
    first, second = levels(bikes[0, :side, : side + 20]), levels(bikes[1, :side, : side + 20])
    adapters: dict[str, Callable[[], FlowAdapter]] = {
        "gmflow": lambda: GMFlowAdapter(gmflow(SCALE1)[0]),
        "gmflow-refine": lambda: GMFlowAdapter(gmflow(SCALE2)[0]),
        "unimatch": lambda: UniMatchAdapter(gmflow(TWO_REFINEMENTS)[0]),
        "spynet": lambda: spynet(gain=1.5)[0]._adapter,
        "raft": lambda: raft()[0]._adapter,
    }
    adapter = adapters[name]()
    with torch.no_grad():
        there, back = adapter.both(adapter.features(first), adapter.features(second))
    torch.testing.assert_close(there, flow(adapter, first, second), rtol=1e-4, atol=1e-3)
    torch.testing.assert_close(back, flow(adapter, second, first), rtol=1e-4, atol=1e-3)
    assert there.shape == back.shape == (1, 2, side, side + 20)
    assert not torch.allclose(there, back, atol=0.01)


def saved(name: str, folder: Path) -> tuple[FlowEstimator, dict[str, Tensor]]:
    """The estimator with a weight file of its own, as its authors would save it, and what the file holds."""
    torch.manual_seed(0)
    networks: dict[str, Callable[[], nn.Module]] = {
        "gmflow": lambda: GMFlow(SCALE1),
        "gmflow-mixdata": lambda: GMFlow(SCALE1),
        "gmflow-refine": lambda: GMFlow(SCALE2),
        "unimatch": lambda: GMFlow(REGREFINE6),
        "spynet": SPyNet,
        "raft": raft_large,
    }
    state = networks[name]().state_dict()
    wrapper = {"spynet": "params", "raft": ""}.get(name, "model")
    path = folder / f"{name}.pth"
    torch.save({wrapper: state} if wrapper else state, path)
    return replace(flow_estimators()[name], weight=WeightFile(file=str(path))), state


@pytest.mark.parametrize("name", sorted(flow_estimators()))
def test_official_files_load_once_and_give_flow(name: str, tmp_path: Path, bikes: Frames) -> None:
    estimator, _ = saved(name, tmp_path)
    network = load_flow_network(estimator, "cpu")
    side = estimator.smallest_side
    frames = [network.features(levels(frame[:side, :side])) for frame in bikes[:2]]
    assert network.flow(*frames).shape == (1, 2, side, side)
    assert load_flow_network(estimator, "cpu")._adapter is network._adapter


def test_a_replaced_weight_file_is_read_again(tmp_path: Path, bikes: Frames) -> None:
    estimator, state = saved("spynet", tmp_path)
    first = load_flow_network(estimator, "cpu")
    torch.save({"params": {name: tensor + 0.01 for name, tensor in state.items()}}, Path(estimator.weight.file))
    second = load_flow_network(estimator, "cpu")
    assert first.sha256 != second.sha256
    frame = levels(bikes[0, :32, :32])
    flows = [network.flow(network.features(frame), network.features(frame.flip(3))) for network in (first, second)]
    assert not torch.allclose(*flows)


@pytest.mark.parametrize("name", ["gmflow", "spynet", "raft"])
def test_a_file_with_other_tensors_is_an_error_that_names_one(name: str, tmp_path: Path) -> None:
    estimator, state = saved(name, tmp_path)
    path = Path(estimator.weight.file)
    wrong = [
        (dict(list(state.items())[1:]), "is missing"),
        ({**state, "surplus.weight": torch.zeros(1)}, r"surplus\.weight does not belong to it"),
        ({**state, next(iter(state)): torch.zeros(3, 5)}, r"has shape \(3, 5\), not"),
    ]
    for content, complaint in wrong:
        torch.save(content, path)
        with pytest.raises(InputError, match=complaint) as error:
            load_flow_network(estimator, "cpu")
        assert str(path) in str(error.value)
    path.unlink()
    with pytest.raises(InputError, match="is missing"):
        load_flow_network(estimator, "cpu")


def test_frames_are_scaled_where_others_feed_them_wrongly(tmp_path: Path, bikes: Frames) -> None:
    estimator, _ = saved("spynet", tmp_path)
    plain, unscaled = load_flow_network(estimator, "cpu"), load_flow_network(estimator, "cpu", input_scale=1 / 255)
    first, second = levels(bikes[0, :64, :64]), levels(bikes[1, :64, :64])
    wrong = unscaled.flow(unscaled.features(first), unscaled.features(second))
    by_hand = plain.flow(plain.features(first / 255), plain.features(second / 255))
    torch.testing.assert_close(wrong, by_hand)
    assert plain.key != unscaled.key
    assert plain.identity != unscaled.identity


def test_networks_compute_in_full_float32_and_leave_the_settings_alone(bikes: Frames) -> None:
    network, _ = spynet()
    seen = []

    def look(*_of_call: object) -> None:
        seen.append((torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32, torch.is_grad_enabled()))

    network._adapter._network.register_forward_hook(look)
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    frame = network.features(levels(bikes[0, :32, :32]))
    network.flow(frame, frame)
    assert seen == [(False, False, False)]
    assert (torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32) == before


def test_flow_that_is_not_a_number_is_an_error_as_a_mask_would_hide_it(bikes: Frames) -> None:
    network, _ = spynet(gain=float("nan"))
    levels = torch.from_numpy(bikes[:2]).permute(0, 3, 1, 2).float()
    first, second = (network.features(frame) for frame in levels.split(1))
    for estimate in (network.flow, network.both):
        with pytest.raises(InputError, match=r"optical flow by SPyNet .* is not a number in frames of 320x192"):
            estimate(first, second)
