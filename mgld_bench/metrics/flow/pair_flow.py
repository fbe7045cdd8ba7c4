"""The optical flow between two neighbouring frames, each direction estimated once, when it is first asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from mgld_bench.clips.digest import text_digest
from mgld_bench.metrics.flow.device_frame import DeviceFrame, frame_pair
from mgld_bench.metrics.flow.folder import FlowFolder
from mgld_bench.metrics.flow.networks import FlowNetwork
from mgld_bench.metrics.metric import Chunk


class PairFlow:
    """The flow of a frame and the one before it: (1, 2, h, w) float32 in pixels, channel 0 pointing right."""

    def __init__(self, previous: DeviceFrame, frame: DeviceFrame, network: FlowNetwork, folder: FlowFolder | None) -> None:
        """``folder``: where the flow is looked for and kept; None: nowhere."""
        self._network = network
        self._backward = _Direction(frame, previous, network, folder)
        self._forward = _Direction(previous, frame, network, folder)

    def backward(self) -> Tensor:
        """From the frame to the one before it."""
        return self._backward.flow()

    def forward(self) -> Tensor:
        """From the frame before to the frame."""
        return self._forward.flow()

    def both(self) -> tuple[Tensor, Tensor]:
        """backward() and forward(); where neither is known yet, from one call of the network, which can be far cheaper."""
        if self._backward.known() is None and self._forward.known() is None:
            estimated = self._network.both(*self._backward.features())
            for direction, flow in zip((self._backward, self._forward), estimated, strict=True):
                direction.keep(flow)
        return self.backward(), self.forward()


class _Direction:
    """The flow from one frame to another."""

    def __init__(self, source: DeviceFrame, target: DeviceFrame, network: FlowNetwork, folder: FlowFolder | None) -> None:
        self._source = source
        self._target = target
        self._network = network
        self._folder = folder
        self._flow: Tensor | None = None

    def flow(self) -> Tensor:
        """What is known or, failing that, what the network finds."""
        known = self.known()
        return self.keep(self._network.flow(*self.features())) if known is None else known

    def known(self) -> Tensor | None:
        """The flow, where it has been estimated before."""
        if self._flow is None and self._folder is not None:
            read = self._folder.read(self._key(), *self._source.pixels.shape[:2])
            self._flow = None if read is None else torch.from_numpy(read)[None].to(self._network.device)
        return self._flow

    def features(self) -> tuple[object, object]:
        """Of source and target."""
        return self._source.features(self._network), self._target.features(self._network)

    def keep(self, flow: Tensor) -> Tensor:
        """``flow``, which is known from now on."""
        self._flow = flow
        if self._folder is not None:
            self._folder.write(self._key(), flow[0].cpu().numpy())
        return flow

    def _key(self) -> str:
        frames = [self._source.sha256, self._target.sha256]
        return text_digest({"flow": self._network.identity, "frames": frames, "size": list(self._source.pixels.shape[:2])})


def pair_flow(chunk: Chunk, row: int, kind: type[DeviceFrame], network: FlowNetwork, folder: FlowFolder | None) -> PairFlow:
    """The flow of a row's frame and the one before it, the same object for all who ask; nothing is estimated yet."""
    return chunk.shared(
        ("flow", network.key, kind, row),
        lambda _frames: PairFlow(*frame_pair(chunk, row, kind, network.device), network, folder),
    )
