"""The flow networks that metrics can use: their weights and facts, and how each of them is given frames.

A new one is a module in networks/, a row of `flow_estimators` and, unless it is a further checkpoint of a network that is
here, its adapter below. The metrics of flow/variants.py then exist for it. Torch is imported only when a network is built, so
that the facts can be listed without it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.metrics.weight_files import weight_file

if TYPE_CHECKING:
    from torch import Tensor, nn

    from mgld_bench.networks.gmflow.network import GMFlow
    from mgld_bench.networks.raft.network import RAFT, RAFTFeatures
    from mgld_bench.networks.spynet import SPyNet

RAFT_ITERATIONS = 20
_PEAK = 255.0
Features = TypeVar("Features")


@dataclass(frozen=True)
class FlowEstimator:
    """A flow network with its checkpoint and the way in which it is given frames."""

    name: str
    """As in the names of metrics, e.g. gmflow."""
    title: str
    """Network and training set, e.g. GMFlow scale1 (Chairs, Things)."""
    weight: WeightFile
    """The checkpoint."""
    build: Callable[[], FlowAdapter[Any]]
    """Makes the network, its weights not yet loaded, behind its adapter."""
    preparation: str
    """How frames are fitted to the network, in a few words."""
    smallest_side: int
    """The fewest pixels that a frame may have in either direction."""
    bytes_per_pixel: int
    """Peak memory of one call for each pixel of a frame; measured."""
    bytes_besides: int = 0
    """Peak memory of one call that does not depend on the size."""
    revision: int = 1
    """Raised when a change of the code changes the flow: flow that was kept on disk is then no longer used."""

    @property
    def definition(self) -> str:
        """Everything that decides the flow, in one phrase."""
        return f"{self.title}, {self.weight.file}, {self.preparation}, float32"

    def memory(self, pixels: int) -> int:
        """An estimate of the bytes that one call takes for frames of this many pixels."""
        return self.bytes_per_pixel * pixels + self.bytes_besides


def flow_estimators() -> dict[str, FlowEstimator]:
    """All flow estimators by name."""
    things, mixed = "Chairs, Things", "mixed data"
    resized = "frames resized to multiples of 32"
    rows = (
        FlowEstimator("gmflow", f"GMFlow scale1 ({things})", weight_file("gmflow-things"), _scale1, _padded(16), 16, 550),
        FlowEstimator("gmflow-mixdata", f"GMFlow scale1 ({mixed})", weight_file("gmflow-mixdata"), _scale1, _padded(16), 16, 550),
        FlowEstimator(
            "gmflow-refine", f"GMFlow scale2 ({things})", weight_file("gmflow-refine-things"), _scale2, _padded(32), 32, 1600
        ),
        FlowEstimator(
            "unimatch",
            f"UniMatch scale2-regrefine6 ({mixed})",
            weight_file("unimatch-mixdata"),
            _unimatch,
            f"{resized}, portrait ones transposed",
            32,
            1600,
        ),
        FlowEstimator("spynet", "SPyNet (Sintel final)", weight_file("spynet"), _spynet, resized, 32, 1300),
        FlowEstimator(
            "raft", f"RAFT ({things}), {RAFT_ITERATIONS} iterations", weight_file("raft"), _raft, _padded(8), 128, 650, 2 << 30
        ),
    )
    return {estimator.name: estimator for estimator in rows}


def _padded(multiple: int) -> str:
    return f"frames padded to multiples of {multiple} by replication on all sides"


class FlowAdapter(ABC, Generic[Features]):
    """Gives a flow network frames as metrics have them, of any size from the network's smallest side up."""

    network: nn.Module

    @abstractmethod
    def features(self, levels: Tensor) -> Features:
        """What can be computed from one frame alone.

        Args:
            levels: (1, 3, h, w) float32 RGB, 0..255.
        """

    @abstractmethod
    def flow(self, source: Features, target: Features) -> Tensor:
        """The flow from one frame to another.

        Returns:
            (1, 2, h, w) float32 in pixels of the frames; channel 0 points right, channel 1 down.
        """

    def both(self, first: Features, second: Features) -> tuple[Tensor, Tensor]:
        """The flow from the first frame to the second, and back; equal to two calls of `flow` up to rounding."""
        return self.flow(first, second), self.flow(second, first)

    def network_names(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """The tensors of the checkpoint under the names that the network has for them."""
        return state


class SPyNetAdapter(FlowAdapter["Tensor"]):
    """SPyNet takes RGB in [0, 1] and resizes it itself."""

    def __init__(self, network: SPyNet) -> None:
        self.network: SPyNet = network

    def features(self, levels: Tensor) -> Tensor:
        """See FlowAdapter.features."""
        return levels / _PEAK

    def flow(self, source: Tensor, target: Tensor) -> Tensor:
        """See FlowAdapter.flow."""
        flow: Tensor = self.network(source, target)
        return flow

    def network_names(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See FlowAdapter.network_names; the checkpoint is that of BasicSR."""
        from mgld_bench.networks.spynet import basicsr_names

        return basicsr_names(state)


class RAFTAdapter(FlowAdapter["RAFTFeatures"]):
    """RAFT takes RGB in [0, 1] and pads it itself."""

    def __init__(self, network: RAFT) -> None:
        self.network: RAFT = network

    def features(self, levels: Tensor) -> RAFTFeatures:
        """See FlowAdapter.features."""
        return self.network.features(levels / _PEAK)

    def flow(self, source: RAFTFeatures, target: RAFTFeatures) -> Tensor:
        """See FlowAdapter.flow."""
        return self.network.flow(source, target)

    def network_names(self, state: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """See FlowAdapter.network_names; the checkpoint is that of torchvision."""
        from mgld_bench.networks.raft.network import names_from_torchvision

        return names_from_torchvision(state)


@dataclass(frozen=True)
class FittedFeatures:
    """Features of a frame that was fitted to the network."""

    maps: list[Tensor]
    size: tuple[int, int]
    """Height and width of the frame."""


class GMFlowAdapter(FlowAdapter[FittedFeatures]):
    """GMFlow takes RGB in 0..255, padded by replication on all sides, as in the authors' evaluation on Sintel."""

    def __init__(self, network: GMFlow) -> None:
        self.network: GMFlow = network

    def features(self, levels: Tensor) -> FittedFeatures:
        """See FlowAdapter.features."""
        return FittedFeatures(self.network.features(self._fitted(levels)), (levels.shape[-2], levels.shape[-1]))

    def flow(self, source: FittedFeatures, target: FittedFeatures) -> Tensor:
        """See FlowAdapter.flow."""
        return self._unfitted(self.network.flow(source.maps, target.maps), source.size)

    def both(self, first: FittedFeatures, second: FittedFeatures) -> tuple[Tensor, Tensor]:
        """See FlowAdapter.both; one call of the network is cheaper than two."""
        flows = self._unfitted(self.network.flow(first.maps, second.maps, both=True), first.size)
        return flows[:1], flows[1:]

    def _fitted(self, levels: Tensor) -> Tensor:
        """The frame at a size that the network takes."""
        from mgld_bench.networks.layers.optical_flow import pad_centred

        return pad_centred(levels, self.network.config.padding_factor)

    def _unfitted(self, flow: Tensor, size: tuple[int, int]) -> Tensor:
        """The network's flow for frames of this height and width."""
        from mgld_bench.networks.layers.optical_flow import unpad_centred

        return unpad_centred(flow, size)


class UniMatchAdapter(GMFlowAdapter):
    """UniMatch takes RGB in 0..255, resized to fit, and landscape: portrait frames are transposed.

    The authors' script leaves the two components of a portrait frame's flow exchanged; here they are put back in order.
    """

    def _fitted(self, levels: Tensor) -> Tensor:
        from mgld_bench.networks.gmflow.inference import as_landscape, next_multiples, resize_images

        landscape = as_landscape(levels)
        size = next_multiples((landscape.shape[-2], landscape.shape[-1]), self.network.config.padding_factor)
        return resize_images(landscape, size)

    def _unfitted(self, flow: Tensor, size: tuple[int, int]) -> Tensor:
        from mgld_bench.networks.gmflow.inference import from_landscape, resize_flow_back

        height, width = size
        if height <= width:
            return resize_flow_back(flow, size)
        return from_landscape(resize_flow_back(flow, (width, height)))


def _scale1() -> GMFlowAdapter:
    from mgld_bench.networks.gmflow.network import SCALE1, GMFlow

    return GMFlowAdapter(GMFlow(SCALE1))


def _scale2() -> GMFlowAdapter:
    from mgld_bench.networks.gmflow.network import SCALE2, GMFlow

    return GMFlowAdapter(GMFlow(SCALE2))


def _unimatch() -> UniMatchAdapter:
    from mgld_bench.networks.gmflow.network import REGREFINE6, GMFlow

    return UniMatchAdapter(GMFlow(REGREFINE6))


def _spynet() -> SPyNetAdapter:
    from mgld_bench.networks.spynet import SPyNet

    return SPyNetAdapter(SPyNet())


def _raft() -> RAFTAdapter:
    from mgld_bench.networks.raft.network import RAFT

    return RAFTAdapter(RAFT(iterations=RAFT_ITERATIONS))
