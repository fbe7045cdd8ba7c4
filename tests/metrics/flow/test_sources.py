from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models.optical_flow import raft_large

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.errors import InputError
from mgld_bench.metrics.flow.estimators import FlowEstimator, flow_estimators
from mgld_bench.metrics.flow.sources import FlowFolder, flow_folder, load_flow_network
from mgld_bench.networks.gmflow.network import REGREFINE6, SCALE1, SCALE2, GMFlow
from mgld_bench.networks.spynet import SPyNet
from tests.helpers.flow_samples import spynet
from tests.helpers.metric_samples import Frames

KEY = "0a" * 32
FLOW = np.random.default_rng(0).normal(size=(2, 30, 40)).astype(np.float32)


def test_what_is_kept_is_read_bit_by_bit(tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path / "flow")
    assert folder.read(KEY, 30, 40) is None
    folder.write(KEY, FLOW)
    kept = FlowFolder(tmp_path / "flow").read(KEY, 30, 40)
    assert kept is not None
    np.testing.assert_array_equal(kept, FLOW)
    assert kept.dtype == np.float32
    assert FlowFolder(tmp_path / "flow").read("0b" * 32, 30, 40) is None
    assert [path.name for path in (tmp_path / "flow").rglob("*") if path.is_file()] == [f"{KEY}.npz"]


@pytest.mark.parametrize("kept", [1, 100, 5000, -1, "byte", "foreign", "shape", "type"])
def test_a_damaged_file_is_none_at_all_and_is_replaced(kept: int | str, tmp_path: Path) -> None:
    folder = FlowFolder(tmp_path)
    folder.write(KEY, FLOW)
    path = tmp_path / KEY[:2] / f"{KEY}.npz"
    whole = path.read_bytes()
    if isinstance(kept, int):
        path.write_bytes(whole[:kept])
    elif kept == "byte":
        path.write_bytes(whole[:4000] + bytes([whole[4000] ^ 1]) + whole[4001:])
    elif kept == "foreign":
        path.write_text("no flow")
    else:
        np.savez(path, flow=FLOW[:, :20] if kept == "shape" else FLOW.astype(np.float64))
    assert folder.read(KEY, 30, 40) is None
    folder.write(KEY, FLOW)
    np.testing.assert_array_equal(folder.read(KEY, 30, 40), FLOW)


def test_a_folder_that_cannot_be_written_is_reported_and_costs_only_time(tmp_path: Path) -> None:
    (tmp_path / "flow").write_text("a file in the way")
    folder = FlowFolder(tmp_path / "flow")
    assert not folder.problem
    folder.write(KEY, FLOW)
    assert "cannot be written" in folder.problem
    assert folder.read(KEY, 30, 40) is None


def test_several_writers_of_one_flow_leave_it_whole(tmp_path: Path) -> None:
    folders = [FlowFolder(tmp_path) for _ in range(4)]
    writers = [threading.Thread(target=folder.write, args=(KEY, FLOW)) for folder in folders]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    np.testing.assert_array_equal(folders[0].read(KEY, 30, 40), FLOW)
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1


def test_the_shared_folder_lies_beside_the_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path))
    flow_folder().write(KEY, FLOW)
    assert (tmp_path / "flow" / KEY[:2] / f"{KEY}.npz").is_file()
    assert flow_folder() is flow_folder()


def levels(frame: Frames) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(frame)).permute(2, 0, 1)[None].float()


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
    assert load_flow_network(estimator, "cpu").adapter is network.adapter


def test_a_replaced_weight_file_is_read_again(tmp_path: Path, bikes: Frames) -> None:
    estimator, state = saved("spynet", tmp_path)
    first = load_flow_network(estimator, "cpu")
    torch.save({"params": {name: tensor + 0.01 for name, tensor in state.items()}}, Path(estimator.weight.file))
    second = load_flow_network(estimator, "cpu")
    assert first.sha256 != second.sha256
    frame = levels(bikes[0, :32, :32])
    flows = [network.flow(network.features(frame), network.features(frame.flip(3))) for network in (first, second)]
    assert not torch.allclose(flows[0], flows[1])


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

    network.adapter.network.register_forward_hook(look)
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
