"""Runs the fixtures of RealViformer on mgld_bench.networks.realviformer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from mgld_bench.networks.realviformer import RealViformer
from mgld_bench.networks.sizes.realviformer import RealViformerConfig
from tests.parity.fixture import Fixture

Outputs = dict[str, "np.ndarray[Any, Any]"]


def forward(fixture: Fixture) -> Outputs:
    config: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in fixture.facts["config"].items()
    }
    network = RealViformer(RealViformerConfig(**config)).eval()
    network.load_state_dict({name: torch.from_numpy(value) for name, value in fixture.weights().items()})
    frames = torch.from_numpy(fixture.input("frames"))
    with torch.inference_mode():
        return {"output": network(frames[None])[0].numpy(), "flows_forward": network.spynet(frames[1:], frames[:-1]).numpy()}


RUNNERS: dict[tuple[str, str], Callable[[Fixture], Outputs]] = {("realviformer", "forward"): forward}
