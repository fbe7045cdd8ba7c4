"""Where the optical flow between two frames comes from: a network, or a file that an earlier pass has written.

The ground truth's flow is kept on disk, so that it is estimated once for all methods that are ever scored against it.
"""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from mgld_bench.clips.atomic import replacing
from mgld_bench.clips.digest import text_digest
from mgld_bench.errors import InputError
from mgld_bench.home import bench_home
from mgld_bench.metrics.flow.device_frame import DeviceFrame, frame_pair
from mgld_bench.metrics.flow.estimators import FlowAdapter, FlowEstimator
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.metric import Chunk
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.locate import locate, weight_sha256
from mgld_bench.weights.reading import read_state_dict

Flow = npt.NDArray[np.float32]
"""(2, h, w) float32 in pixels: right, then down; as networks have it, without their batch axis."""
_DAMAGED: Final = (ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile)
"""What NumPy and zipfile raise for a file that is truncated, altered or of another kind."""


class FlowNetwork:
    """A flow estimator with its weights, on a device; computes in full float32."""

    def __init__(
        self, estimator: FlowEstimator, adapter: FlowAdapter[Any], sha256: str, device: torch.device, input_scale: float = 1.0
    ) -> None:
        """A network that is loaded; load_flow_network() makes one from its weight file.

        Args:
            estimator: Its facts.
            adapter: The network behind its adapter, on ``device``.
            sha256: Of the weight file.
            device: Where it computes.
            input_scale: Frames are multiplied by it, to repeat what others feed wrongly.
        """
        self.estimator = estimator
        self.adapter = adapter
        self.sha256 = sha256
        self.device = device
        self._input_scale = input_scale

    @property
    def identity(self) -> Mapping[str, str | int | float]:
        """Everything besides the frames that a flow depends on."""
        return {
            "estimator": self.estimator.name,
            "revision": self.estimator.revision,
            "weights": self.sha256,
            "device": self.device.type,
            "input_scale": self._input_scale,
        }

    @property
    def key(self) -> tuple[object, ...]:
        """The identity, and which device of its type."""
        return (*self.identity.values(), self.device)

    def features(self, levels: Tensor) -> object:
        """What can be computed from one frame alone; see FlowAdapter.features."""
        with full_float32():
            return self.adapter.features(levels * self._input_scale)

    def flow(self, source: object, target: object) -> Tensor:
        """The flow from one frame to another, given their features; see FlowAdapter.flow.

        Raises:
            InputError: The flow holds a NaN or an infinity.
        """
        with full_float32():
            return self._checked(self.adapter.flow(source, target))

    def both(self, first: object, second: object) -> tuple[Tensor, Tensor]:
        """The flow from the first frame to the second, and back; see FlowAdapter.both. Raises as flow() does."""
        with full_float32():
            there, back = self.adapter.both(first, second)
            return self._checked(there), self._checked(back)

    def _checked(self, flow: Tensor) -> Tensor:
        """``flow``, which is checked here because a mask could hide a NaN later."""
        if not torch.isfinite(flow).all():
            raise InputError(
                f"optical flow by {self.estimator.title} is not a number in frames of {flow.shape[-1]}x{flow.shape[-2]}: "
                "leave out the metrics that use it, or check the weight file"
            )
        return flow


def load_flow_network(estimator: FlowEstimator, device: str, input_scale: float = 1.0) -> FlowNetwork:
    """The network of an estimator; one with the same weights and device is loaded only once.

    Args:
        estimator: Which one.
        device: A torch device, e.g. cuda:0.
        input_scale: See FlowNetwork.

    Raises:
        InputError: The weight file is missing, has another digest, or does not hold exactly the tensors of the network.
    """
    path, sha256 = locate(estimator.weight), weight_sha256(estimator.weight)
    return FlowNetwork(estimator, _load_adapter(estimator, path, sha256, device), sha256, torch.device(device), input_scale)


@lru_cache(maxsize=8)
def _load_adapter(estimator: FlowEstimator, path: Path, _sha256: str, device: str) -> FlowAdapter[Any]:
    """The loaded adapter; ``_sha256`` is an argument so that a weight file that was replaced is read again."""
    adapter = estimator.build()
    load_strictly(adapter.network, adapter.network_names(read_state_dict(path)), path, estimator.title)
    adapter.network.eval().requires_grad_(False).to(device)
    return adapter


class FlowFolder:
    """Flow kept on disk: one file per pair of frames and direction, an uncompressed .npz, whose checksum reveals damage."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.problem = ""
        """Why flow could not be kept, once that has happened; it only costs time."""

    def read(self, key: str, height: int, width: int) -> Flow | None:
        """The flow under ``key`` (hex digits); None where there is none of this size, or its file is damaged."""
        path = self._path(key)
        if not path.is_file():
            return None
        try:
            # Opened here: given a path, np.load leaves a damaged file open.
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                flow: Flow = kept["flow"]
        except _DAMAGED:
            return None
        return flow if flow.dtype == np.float32 and flow.shape == (2, height, width) else None

    def write(self, key: str, flow: Flow) -> None:
        """Keep ``flow`` under ``key`` and replace what is there; where that is impossible, ``problem`` gives the reason."""
        try:
            with replacing(self._path(key)) as temporary, temporary.open("wb") as file:
                np.savez(file, flow=flow)
        except InputError as error:
            self.problem = str(error)

    def _path(self, key: str) -> Path:
        return self._folder / key[:2] / f"{key}.npz"


def flow_folder() -> FlowFolder:
    """The folder that all metrics share: $MGLD_BENCH_HOME/flow, beside the weights."""
    return _flow_folder(bench_home() / "flow")


@lru_cache(maxsize=1)
def _flow_folder(folder: Path) -> FlowFolder:
    return FlowFolder(folder)


class PairFlow:
    """The flow between a frame and the one before it; each direction is found once, when it is first asked for.

    Every flow is (1, 2, h, w) float32 in pixels; channel 0 points right, channel 1 down.
    """

    def __init__(self, previous: DeviceFrame, frame: DeviceFrame, network: FlowNetwork, folder: FlowFolder | None) -> None:
        """The flow of two frames by ``network``; ``folder``: where it is looked up and kept, None for nowhere."""
        self._network = network
        self._backward = _Direction(frame, previous, network, folder)
        self._forward = _Direction(previous, frame, network, folder)

    def backward(self) -> Tensor:
        """The flow from the frame to the one before it."""
        return self._backward.flow()

    def forward(self) -> Tensor:
        """The flow from the frame before to the frame."""
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
        """The known flow or, failing that, the network's."""
        known = self.known()
        return self.keep(self._network.flow(*self.features())) if known is None else known

    def known(self) -> Tensor | None:
        """The flow, where it has been found before."""
        if self._flow is None and self._folder is not None:
            read = self._folder.read(self._key(), *self._source.pixels.shape[:2])
            self._flow = None if read is None else torch.from_numpy(read)[None].to(self._network.device)
        return self._flow

    def features(self) -> tuple[object, object]:
        """Those of source and target."""
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
    """The flow between the frame in a row of the chunk and the one before it.

    The same object for everyone who asks; nothing is estimated yet.
    """
    return chunk.shared(
        ("flow", network.key, kind, row),
        lambda _frames: PairFlow(*frame_pair(chunk, row, kind, network.device), network, folder),
    )
