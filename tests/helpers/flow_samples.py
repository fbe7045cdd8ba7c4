"""Flow networks with random but fixed weights: their flow is no motion, but it depends on every pixel."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TypeVar

import torch
from torch import nn

from mgld_bench.metrics.flow.estimators import RAFTAdapter, SPyNetAdapter, flow_estimators
from mgld_bench.metrics.flow.sources import FlowNetwork
from mgld_bench.networks.gmflow.network import SCALE1, GMFlow, GMFlowConfig
from mgld_bench.networks.raft.network import RAFT
from mgld_bench.networks.spynet import SPyNet

Network = TypeVar("Network", bound=nn.Module)


class Calls:
    """Counts how often a module of a network runs."""

    def __init__(self, module: nn.Module) -> None:
        self.count = 0
        module.register_forward_hook(self._count)

    def _count(self, *_of_call: object) -> None:
        self.count += 1


def spynet(seed: int = 0, gain: float = 0.3) -> tuple[FlowNetwork, Calls]:
    """SPyNet, and how often it runs: once per direction of a pair."""
    network = _seeded(SPyNet, seed, gain)
    return FlowNetwork(flow_estimators()["spynet"], SPyNetAdapter(network), f"{seed:064x}", torch.device("cpu")), Calls(network)


def raft(iterations: int = 2) -> tuple[FlowNetwork, Calls]:
    """RAFT, and how often its feature encoder runs: once per frame."""
    network = _seeded(partial(RAFT, iterations), 0, 1.0)
    return FlowNetwork(flow_estimators()["raft"], RAFTAdapter(network), "0" * 64, torch.device("cpu")), Calls(network.fnet)


def gmflow(config: GMFlowConfig = SCALE1) -> tuple[GMFlow, Calls]:
    """A small GMFlow with so many scales and refinements, and how often its backbone runs: once per frame."""
    small = replace(config, feature_channels=32, num_transformer_layers=2, ffn_dim_expansion=1)
    network = _seeded(partial(GMFlow, small), 0, 1.5)
    return network, Calls(network.backbone)


def _seeded(build: Callable[[], Network], seed: int, gain: float) -> Network:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        network = build().eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.mul_(gain)
    return network
