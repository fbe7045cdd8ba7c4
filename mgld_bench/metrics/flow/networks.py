"""The networks behind the flow estimators: loaded once per device, and shared by all metrics."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from mgld_bench.errors import InputError
from mgld_bench.metrics.flow.adapters import FlowAdapter, GMFlowAdapter, RAFTAdapter, SPyNetAdapter, UniMatchAdapter
from mgld_bench.metrics.flow.estimators import FlowEstimator
from mgld_bench.metrics.learned.full_float32 import full_float32
from mgld_bench.networks.gmflow.network import REGREFINE6, SCALE1, SCALE2, GMFlow
from mgld_bench.networks.raft.network import RAFT, names_from_torchvision
from mgld_bench.networks.spynet import SPyNet, basicsr_names
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.locate import locate, weight_sha256
from mgld_bench.weights.reading import read_state_dict

RAFT_ITERATIONS = 20


class FlowNetwork:
    """An estimator with its weights, on a device; computes in full float32."""

    def __init__(
        self, estimator: FlowEstimator, adapter: FlowAdapter[Any], sha256: str, device: torch.device, input_scale: float = 1.0
    ) -> None:
        """``sha256``: of the weight file; ``input_scale``: frames are multiplied by it, to repeat what others feed wrongly."""
        self.estimator = estimator
        self.sha256 = sha256
        self.device = device
        self._adapter = adapter
        self._input_scale = input_scale

    @property
    def identity(self) -> dict[str, str | int | float]:
        """Everything beside the frames that a flow depends on."""
        return {
            "estimator": self.estimator.name,
            "revision": self.estimator.revision,
            "weights": self.sha256,
            "device": self.device.type,
            "input_scale": self._input_scale,
        }

    @property
    def key(self) -> tuple[object, ...]:
        """The identity and the very device."""
        return (*self.identity.values(), self.device)

    def features(self, levels: Tensor) -> object:
        """What can be computed of one frame alone; ``levels``: (1, 3, h, w) float32 RGB, 0..255."""
        with full_float32():
            return self._adapter.features(levels * self._input_scale)

    def flow(self, source: object, target: object) -> Tensor:
        """The flow from one frame to another, given their features: (1, 2, h, w) float32, pixels, channel 0 pointing right."""
        with full_float32():
            return self._checked(self._adapter.flow(source, target))

    def both(self, first: object, second: object) -> tuple[Tensor, Tensor]:
        """The flows from the first frame to the second and back, which agree with those of flow() up to rounding."""
        with full_float32():
            there, back = self._adapter.both(first, second)
            return self._checked(there), self._checked(back)

    def _checked(self, flow: Tensor) -> Tensor:
        """``flow``; a mask would hide that it is not a number."""
        if not torch.isfinite(flow).all():
            raise InputError(
                f"optical flow by {self.estimator.title} is not a number in frames of {flow.shape[-1]}x{flow.shape[-2]}: "
                "leave out its metrics, or check the weight file"
            )
        return flow


def load_flow_network(estimator: FlowEstimator, device: str, input_scale: float = 1.0) -> FlowNetwork:
    """The network of ``estimator`` on a torch ``device``; one with the same weights is loaded once.

    Raises InputError where the weight file is missing, is another one, or holds other tensors than the network has.
    """
    path, sha256 = locate(estimator.weight), weight_sha256(estimator.weight)
    adapter = _load_adapter(estimator.name, estimator.title, path, sha256, device)
    return FlowNetwork(estimator, adapter, sha256, torch.device(device), input_scale)


@lru_cache(maxsize=8)
def _load_adapter(name: str, title: str, path: Path, _sha256: str, device: str) -> FlowAdapter[Any]:
    """``_sha256`` is there so that a file that was replaced is read again."""
    plan = _PLANS[name]
    network = plan.network()
    load_strictly(network, plan.official_names(read_state_dict(path)), path, title)
    return plan.adapter(network.eval().requires_grad_(False).to(device))


@dataclass(frozen=True)
class _Plan:
    """How an estimator is built."""

    network: Callable[[], nn.Module]
    adapter: Callable[[Any], FlowAdapter[Any]]
    official_names: Callable[[Mapping[str, Tensor]], Mapping[str, Tensor]] = dict
    """From the names in the file to those of the network."""


_PLANS = {
    "gmflow": _Plan(partial(GMFlow, SCALE1), GMFlowAdapter),
    "gmflow-mixdata": _Plan(partial(GMFlow, SCALE1), GMFlowAdapter),
    "gmflow-refine": _Plan(partial(GMFlow, SCALE2), GMFlowAdapter),
    "unimatch": _Plan(partial(GMFlow, REGREFINE6), UniMatchAdapter),
    "spynet": _Plan(SPyNet, SPyNetAdapter, basicsr_names),
    "raft": _Plan(partial(RAFT, iterations=RAFT_ITERATIONS), RAFTAdapter, names_from_torchvision),
}
