"""Runs the fixtures of MGLD-VSR's diffusion half: so far its optical flow and the masks made from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.layers.optical_flow import inconsistent, resize_flow, warp
from mgld_bench.networks.raft.network import RAFT, REDUCTION
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def raft(fixture: Fixture) -> Outputs:
    call, outputs = fixture.facts["call"], fixture.facts["outputs"]
    network = filled_raft(fixture)
    size = tuple(call["resize_to"])
    with torch.inference_mode():
        features = network.features(torch.from_numpy(fixture.input("frames")))
        network.iterations = call["iters"]
        forward = network.flow(features[1:], features[:-1])
        backward = network.flow(features[:-1], features[1:])
        seen: dict[str, Tensor] = {"fnet": features.matching[:-1], "cnet": features.context[:-1]}
        network.iterations = outputs["flow_iter1"]["iters"] if "flow_iter1" in outputs else 1
        hook = network.update_block.register_forward_hook(keep_first_step(seen))
        seen["flow_iter1"] = network.flow(features[:-1], features[1:])
        hook.remove()
        seen["mask1"] = network.update_block.upsampling_logits(seen["net1"])
        seen |= {"flows_forward": forward, "flows_backward": backward}
        seen |= {"resized_forward": resize_flow(forward, size), "resized_backward": resize_flow(backward, size)}
    return {name: value.numpy() for name, value in seen.items()}


def filled_raft(fixture: Fixture) -> RAFT:
    config = fixture.facts["config"]
    assert (config["variant"], config["pad_multiple"]) == ("normal", REDUCTION)
    network = RAFT(
        scale_input=config["scale_input"],
        hidden_channels=config["hidden_dim"],
        context_channels=config["context_dim"],
        correlation_levels=config["corr_levels"],
        correlation_radius=config["corr_radius"],
    )
    filled = {name: torch.from_numpy(value) for name, value in fixture.weights().items()}
    counters = {name: value for name, value in network.state_dict().items() if name.endswith(".num_batches_tracked")}
    network.load_state_dict(counters | filled)
    return network.eval()


def keep_first_step(seen: dict[str, Tensor]) -> Callable[[nn.Module, tuple[Tensor, ...], tuple[Tensor, Tensor]], None]:
    def hook(_module: nn.Module, inputs: tuple[Tensor, ...], outputs: tuple[Tensor, Tensor]) -> None:
        if "net1" not in seen:
            seen["corr1"] = inputs[2]
            seen["net1"], seen["delta1"] = outputs

    return hook


def flow_masks(fixture: Fixture) -> Outputs:
    config = fixture.facts["config"]
    assert (config["interp"], config["align_corners"]) == ("bilinear", True)
    forward, backward, feature = (torch.from_numpy(fixture.input(name)) for name in ("fwd_flow", "bwd_flow", "feature"))
    alpha, beta = config["alpha"], config["beta"]
    return {
        "fwd_occ": inconsistent(forward, backward, alpha, beta).numpy(),
        "bwd_occ": inconsistent(backward, forward, alpha, beta).numpy(),
        "warped": warp(feature, forward, config["padding"]).numpy(),
        "resized": resize_flow(forward, tuple(fixture.facts["call"]["resize_to"])).numpy(),
    }


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {
    ("mgld_diffusion", "raft"): raft,
    ("mgld_diffusion", "flow_masks"): flow_masks,
}
