"""Runs the fixtures of SPyNet on mgld_bench.networks.spynet."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mgld_bench.networks.layers.optical_flow import resize_flow
from mgld_bench.networks.spynet import LEVELS, BasicModule, SPyNet
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def forward(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    first, second = torch.from_numpy(fixture.input("frames")).split(1)
    seen: Outputs = {}
    hooks = [module.register_forward_hook(keep(seen, level)) for level, module in enumerate(network.basic_module)]
    with torch.inference_mode():
        seen["flow"] = network(first, second).numpy()
        for hook in hooks:
            hook.remove()
        seen["flow_reverse"] = network(second, first).numpy()
    return seen


def levels(fixture: Fixture) -> Outputs:
    network = filled_network(fixture)
    first, second = torch.from_numpy(fixture.input("frames")).split(1)
    height, width = first.shape[-2:]
    outputs = {}
    with torch.inference_mode():
        flows = network.pyramid_flows(first, second)
    for level in fixture.facts["config"]["return_levels"]:
        reduction = 2 ** (LEVELS - 1 - level)
        outputs[f"flow_level{level}"] = resize_flow(flows[level], (height // reduction, width // reduction)).numpy()
    return outputs


def filled_network(fixture: Fixture) -> SPyNet:
    network = SPyNet()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fixture.weights().items()})
    return network.eval()


def keep(seen: Outputs, level: int) -> Callable[[nn.Module, tuple[Tensor], Tensor], None]:
    def hook(module: nn.Module, inputs: tuple[Tensor], correction: Tensor) -> None:
        assert isinstance(module, BasicModule)
        seen[f"level{level}_input"] = inputs[0].numpy()
        seen[f"level{level}_flow"] = (correction + inputs[0][:, -2:]).numpy()

    return hook


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {("spynet", "forward"): forward, ("spynet", "levels"): levels}
