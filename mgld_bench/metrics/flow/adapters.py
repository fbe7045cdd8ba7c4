"""How frames are given to each flow network, and its flow fitted to the frames again, as the networks' authors do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Generic, TypeVar

from torch import Tensor

from mgld_bench.networks.gmflow.inference import (
    as_landscape,
    from_landscape,
    next_multiples,
    resize_flow_back,
    resize_images,
)
from mgld_bench.networks.gmflow.network import GMFlow
from mgld_bench.networks.layers.centred_padding import pad_centred, unpad_centred
from mgld_bench.networks.raft.network import RAFT, RAFTFeatures
from mgld_bench.networks.spynet import SPyNet

Features = TypeVar("Features")
PEAK = 255.0


class FlowAdapter(ABC, Generic[Features]):
    """A flow network that takes frames as they are: (1, 3, h, w) float32 RGB, 0..255, and any size from its smallest on."""

    @abstractmethod
    def features(self, levels: Tensor) -> Features:
        """What can be computed of one frame alone."""

    @abstractmethod
    def flow(self, source: Features, target: Features) -> Tensor:
        """The flow from one frame to another: (1, 2, h, w) float32, pixels of the frames, channel 0 pointing right."""

    def both(self, first: Features, second: Features) -> tuple[Tensor, Tensor]:
        """The flows from the first frame to the second and back; agree with those of flow() up to rounding."""
        return self.flow(first, second), self.flow(second, first)


class SPyNetAdapter(FlowAdapter[Tensor]):
    """SPyNet takes RGB in [0, 1] and resizes it by itself."""

    def __init__(self, network: SPyNet) -> None:
        self._network = network

    def features(self, levels: Tensor) -> Tensor:
        """See FlowAdapter.features."""
        return levels / PEAK

    def flow(self, source: Tensor, target: Tensor) -> Tensor:
        """See FlowAdapter.flow."""
        flow: Tensor = self._network(source, target)
        return flow


class RAFTAdapter(FlowAdapter[RAFTFeatures]):
    """RAFT takes RGB in [0, 1] and pads it by itself."""

    def __init__(self, network: RAFT) -> None:
        self._network = network

    def features(self, levels: Tensor) -> RAFTFeatures:
        """See FlowAdapter.features."""
        return self._network.features(levels / PEAK)

    def flow(self, source: RAFTFeatures, target: RAFTFeatures) -> Tensor:
        """See FlowAdapter.flow."""
        return self._network.flow(source, target)


@dataclass(frozen=True)
class FittedFeatures:
    """Features of a frame that was fitted to a network."""

    maps: list[Tensor]
    size: tuple[int, int]
    """Height and width of the frame."""


class GMFlowAdapter(FlowAdapter[FittedFeatures]):
    """GMFlow takes RGB in 0..255, padded by replication on all sides, as in the authors' evaluation on Sintel."""

    def __init__(self, network: GMFlow) -> None:
        self._network = network

    def features(self, levels: Tensor) -> FittedFeatures:
        """See FlowAdapter.features."""
        padded = pad_centred(levels, self._network.config.padding_factor)
        return FittedFeatures(self._network.features(padded), (levels.shape[-2], levels.shape[-1]))

    def flow(self, source: FittedFeatures, target: FittedFeatures) -> Tensor:
        """See FlowAdapter.flow."""
        return unpad_centred(self._network.flow(source.maps, target.maps), source.size)

    def both(self, first: FittedFeatures, second: FittedFeatures) -> tuple[Tensor, Tensor]:
        """See FlowAdapter.both."""
        flows = unpad_centred(self._network.flow(first.maps, second.maps, both=True), first.size)
        return flows[:1], flows[1:]


class UniMatchAdapter(FlowAdapter[FittedFeatures]):
    """UniMatch takes RGB in 0..255, resized to fit, and landscape: portrait frames are transposed.

    Unlike the authors' script, which leaves them exchanged, the two components of a portrait frame's flow are put back in order.
    """

    def __init__(self, network: GMFlow) -> None:
        self._network = network

    def features(self, levels: Tensor) -> FittedFeatures:
        """See FlowAdapter.features."""
        landscape = as_landscape(levels)
        fitting = next_multiples((landscape.shape[-2], landscape.shape[-1]), self._network.config.padding_factor)
        maps = self._network.features(resize_images(landscape, fitting))
        return FittedFeatures(maps, (levels.shape[-2], levels.shape[-1]))

    def flow(self, source: FittedFeatures, target: FittedFeatures) -> Tensor:
        """See FlowAdapter.flow."""
        return _as_framed(self._network.flow(source.maps, target.maps), source.size)

    def both(self, first: FittedFeatures, second: FittedFeatures) -> tuple[Tensor, Tensor]:
        """See FlowAdapter.both."""
        flows = _as_framed(self._network.flow(first.maps, second.maps, both=True), first.size)
        return flows[:1], flows[1:]


def _as_framed(flow: Tensor, size: tuple[int, int]) -> Tensor:
    """UniMatch's flow in pixels of frames of this height and width."""
    height, width = size
    if height <= width:
        return resize_flow_back(flow, size)
    return from_landscape(resize_flow_back(flow, (width, height)), exchange=True)
