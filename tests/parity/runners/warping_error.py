"""Runs the fixtures of the warping errors, tOF and tLP on mgld_bench.metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.flow import measures
from mgld_bench.metrics.flow.estimators import GMFlowAdapter, RAFTAdapter, flow_estimators
from mgld_bench.metrics.flow.metric import FLOW_MEASURES, FlowMetric
from mgld_bench.metrics.flow.sources import FlowFolder, FlowNetwork
from mgld_bench.metrics.temporal.tlp import temporal_lpips
from mgld_bench.metrics.temporal.tof import Farneback, centre, flow_distance
from mgld_bench.networks.gmflow.network import GMFlow
from mgld_bench.networks.layers.optical_flow import inconsistent
from mgld_bench.networks.raft.network import RAFT
from mgld_bench.scoring.score_pass import score_clip
from tests.parity.fixture import Fixture
from tests.parity.runners.gmflow import filled_network, padded_flow, resized_flow

Array = np.ndarray[Any, Any]
Outputs = dict[str, Array]
Error = Callable[[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]


def variants(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    forward, backward = (torch.from_numpy(fixture.input(name)) for name in ("flow_fwd", "flow_bwd"))
    errors = all_errors(call["alpha"], call["beta"])
    outputs: Outputs = {
        "occ_masked_l1": inconsistent(backward, forward, call["alpha"], call["beta"]).numpy().astype(np.uint8),
        "occ_lai": (~measures.lai_visible(backward, forward)).numpy().astype(np.uint8),
    }
    for clip in ("pred", "gt"):
        levels = levels_of(fixture, clip)
        for name, error in errors.items():
            values = error(levels[:-1], levels[1:], backward, forward).numpy()
            outputs[f"{name}_{clip}"] = np.nanmean(values)
            if clip == "pred":
                outputs[f"{name}_per_pair"] = values
    return outputs


def all_errors(alpha: float, beta: float) -> dict[str, Error]:
    return {
        "we_l1_zeros": lambda previous, frame, backward, _forward: measures.l1_zeros(previous, frame, backward),
        "we_l1_border": lambda previous, frame, backward, _forward: measures.l1_border(previous, frame, backward),
        "we_l1_valid": lambda previous, frame, backward, _forward: measures.l1_valid(previous, frame, backward),
        "we_l1_masked": partial(measures.l1_masked, alpha=alpha, beta=beta),
        "we_l1_wrong_direction": lambda previous, frame, _backward, forward: measures.l1_zeros(previous, frame, forward),
        "lai_e_warp": measures.lai,
        "evalcrafter_e_warp_x1000": measures.evalcrafter,
    }


def tof(fixture: Fixture) -> Outputs:
    call = fixture.facts["call"]
    names = ("pyr_scale", "levels", "winsize", "iterations", "poly_n", "poly_sigma", "flags")
    method = Farneback(**{name: call[name] for name in names})
    clips = [fixture.input(name).transpose(0, 2, 3, 1).copy() for name in ("gt", "pred")]
    values = []
    for index in range(call["cut"] + 1, len(clips[0]) - call["cut"]):
        flows = [method.flow(clip[index - 1], clip[index]) for clip in clips]
        values.append(flow_distance(*(centre(flow, call["crop_multiple"], call["crop_margin"]) for flow in flows)))
    return {"tof_per_pair": np.array(values), "tof": np.array(np.mean(values))}


def tlp(fixture: Fixture) -> Outputs:
    pairs = zip(fixture.input("lpips_gt"), fixture.input("lpips_pred"), strict=True)
    values = [temporal_lpips(float(theirs), float(ours), fixture.facts["call"]["scale"]) for theirs, ours in pairs]
    return {"tlp_per_pair": np.array(values), "tlp": np.array(np.mean(values))}


def pipeline(fixture: Fixture) -> Outputs:
    """Frames in, warping errors out, with the flow of GMFlow as the metrics use it where frames are padded."""
    network, call = filled_network(fixture), fixture.facts["call"]
    clips = {name: levels_of(fixture, name) for name in ("pred", "gt")}
    with torch.inference_mode():
        flows = {name: both_flows(network, clip, call) for name, clip in clips.items()}
    previous, frame = clips["pred"][:-1], clips["pred"][1:]
    errors = {"zeros": measures.l1_zeros, "border": measures.l1_border, "valid": measures.l1_valid}
    outputs: Outputs = {}
    for name, (backward, _) in flows.items():
        outputs[f"flow_bwd_{name}"] = backward.numpy()
        for kind, error in errors.items():
            outputs[f"we_l1_{kind}_flow_{name}"] = np.nanmean(error(previous, frame, backward).numpy())
    _, forward = flows["gt"]
    outputs["we_l1_wrong_direction_flow_gt"] = np.mean(measures.l1_zeros(previous, frame, forward).numpy())
    return outputs


def raft_pipeline(fixture: Fixture) -> Outputs:
    """Frames in, E*warp out, by the metric itself; the clip's own flow, of frames in 0..1 as published and in 0..255."""
    network = RAFT(fixture.facts["call"]["iterations"]).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fixture.weights().items()})
    clip = ArrayClip("pred", np.ascontiguousarray(fixture.input("pred").transpose(0, 2, 3, 1)))
    outputs: Outputs = {}
    for name, scale in (("unscaled", 1 / 255), ("scaled", 1.0)):
        flow = FlowNetwork(flow_estimators()["raft"], RAFTAdapter(network), "", torch.device("cpu"), scale)
        metric = FlowMetric(describe("ewarp.raft.masked"), FLOW_MEASURES["masked"], flow, FlowFolder(Path("unused")))
        score = score_clip(None, {"pred": clip}, {"pred": [metric]})["pred"][metric.facts.name]
        outputs[f"ewarp_{name}"] = np.array(score.value)
        outputs[f"ewarp_{name}_per_pair"] = np.array([*(score.per_frame or {}).values()])
    return outputs


def both_flows(network: GMFlow, clip: torch.Tensor, call: Mapping[str, Any]) -> tuple[torch.Tensor, torch.Tensor]:
    """Backward and forward flow of all pairs of a clip."""
    found = [both_flows_of(network, frame, previous, call) for previous, frame in pairwise(clip.split(1))]
    backward, forward = (torch.cat(direction) for direction in zip(*found, strict=True))
    return backward, forward


def both_flows_of(
    network: GMFlow, first: torch.Tensor, second: torch.Tensor, call: Mapping[str, Any]
) -> tuple[torch.Tensor, torch.Tensor]:
    if call["inference_size"] is not None:
        there, back = resized_flow(network, first, second, tuple(call["inference_size"]), both=True).split(1)
        return there, back
    if call["padding_factor"] == network.config.padding_factor:
        adapter = GMFlowAdapter(network)
        return adapter.both(adapter.features(first), adapter.features(second))
    there, back = padded_flow(network, first, second, call["padding_factor"], both=True).split(1)
    return there, back


def levels_of(fixture: Fixture, name: str) -> torch.Tensor:
    return torch.from_numpy(fixture.input(name)).float()


RUNNERS = {
    ("warping_error", "variants"): variants,
    ("warping_error", "tof"): tof,
    ("warping_error", "tlp"): tlp,
    ("warping_error", "pipeline"): pipeline,
    ("warping_error", "raft_pipeline"): raft_pipeline,
}
