"""Runs the fixtures of RealBasicVSR on mgld_bench.networks.realbasicvsr."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.realbasicvsr import RealBasicVSR
from mgld_bench.networks.sizes.basicvsr import RealBasicVSRConfig
from mgld_bench.networks.spynet import basicsr_names
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    frames = torch.from_numpy(fixture.input("frames"))
    count, _, height, width = frames.shape
    recurrence = network.basicvsr
    watched = {
        "residues": network.image_cleaning,
        "flows": recurrence.spynet,
        "backward_features": recurrence.backward_resblocks,
        "forward_features": recurrence.forward_resblocks,
        "fusion": recurrence.fusion,
    }
    seen: dict[str, list[Tensor]] = {name: [] for name in watched}
    for name, module in watched.items():
        module.register_forward_hook(keep(seen[name]))
    cleaned: list[Tensor] = []
    recurrence.register_forward_pre_hook(lambda _module, inputs: cleaned.append(inputs[0][0].clone()))
    with torch.inference_mode():
        output = network(frames[None])[0]
    # A pair of frames is looked at when the recurrence reaches it: backward in time, then forward.
    flows = torch.cat([*seen["flows"], frames.new_zeros(0, 2, height, width)])
    outputs = {
        "output": output,
        "cleaned": cleaned[0],
        "residue_means": torch.stack([residue.abs().mean() for residue in seen["residues"]]).view(-1, count).mean(1),
        "flows_backward": flows[: count - 1].flip(0),
        "flows_forward": flows[count - 1 :],
        "backward_features": torch.cat(seen["backward_features"]).flip(0),
        "forward_features": torch.cat(seen["forward_features"]),
        "fusion": torch.cat(seen["fusion"]),
    }
    return {name: value.numpy() for name, value in outputs.items()}


def filled_network(fixture: Fixture) -> RealBasicVSR:
    # Cleaning in sequence or all at once gives the same numbers: the network has no such switch.
    sizes = {name: value for name, value in fixture.facts["config"].items() if name != "is_sequential_cleaning"}
    threshold = sizes.pop("dynamic_refine_thres", 255)
    network = RealBasicVSR(RealBasicVSRConfig(**sizes), threshold)
    network.load_state_dict(basicsr_names({name: torch.from_numpy(value) for name, value in fixture.weights().items()}))
    return network.eval()


def keep(seen: list[Tensor]) -> Callable[[nn.Module, tuple[Tensor, ...], Tensor], None]:
    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        # Some are activated in place afterwards.
        seen.append(output.clone())

    return hook


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {("realbasicvsr", "forward"): forward}
