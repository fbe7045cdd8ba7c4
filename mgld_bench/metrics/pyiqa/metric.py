"""pyiqa's metrics, built and run so that they find their files in one folder, and use the network only where that is allowed.

Run as a program (``python -m mgld_bench.metrics.pyiqa.metric NAME FOLDER``), this module lets pyiqa download what a metric needs.
That takes a process of its own: the libraries below pyiqa read from the environment where to keep files and which mirror to use
when they are imported.
"""

from __future__ import annotations

import importlib.util
import io
import os
import socket
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

import huggingface_hub.constants
import packaging.version
import pyiqa.utils.download_util
import torch.hub
from pyiqa.models.inference_model import InferenceModel
from torch import Tensor, nn

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.memory import is_out_of_memory
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric, reference_of
from mgld_bench.metrics.inference import chunk_tensor, full_float32, network_bytes
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts
from mgld_bench.metrics.pyiqa.files import files_folder

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"})
_blocked = threading.local()


class PyiqaMetric(FrameMetric):
    """A metric of pyiqa per frame: frames go in one by one, because some of its metrics depend on the size of a batch."""

    def __init__(self, facts: MetricFacts, crop: int, network: nn.Module, device: torch.device) -> None:
        """``network``: from (1, 3, h, w) RGB, 0..1, and where there is ground truth also that, to one number; on ``device``."""
        super().__init__(facts, 2 * crop + 1)
        self._crop = crop
        self._network = network
        self._device = device

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score. Raises InputError where pyiqa cannot score frames of this size."""
        images = [chunk_tensor(restored, self._device, self._crop)]
        if self.facts.needs_reference:
            images.append(chunk_tensor(reference_of(reference, self.facts.name), self._device, self._crop))
        with full_float32(), without_network():
            return ChunkScores([self._score(*(stack[row : row + 1] for stack in images)) for row in range(len(images[0]))])

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory: the weights and the frames; what the network takes besides is unknown."""
        return MemoryNeed(network_bytes(self._network), 2 * 12 * clip.height * clip.width)

    def _score(self, *images: Tensor) -> float:
        try:
            found = self._network(*images)
        except (RuntimeError, ValueError, AssertionError, IndexError) as error:
            if is_out_of_memory(error):
                raise
            size, reason = f"{images[0].shape[3]}x{images[0].shape[2]}", " ".join(str(error).split())[:200]
            raise InputError(f"metric {self.facts.name}: pyiqa fails on frames of {size}: {reason}") from None
        if not isinstance(found, Tensor) or found.numel() != 1:
            raise InputError(f"metric {self.facts.name}: it does not give one number per frame")
        return float(found)


def load_pyiqa(facts: MetricFacts, short: str, crop: int, device: str) -> PyiqaMetric:
    """pyiqa's metric ``short`` on a torch ``device``, from the files that were fetched for it, without network access.

    Raises:
        InputError: The metric cannot be built.
    """
    return PyiqaMetric(facts, crop, build(short, files_folder(short), device), torch.device(device))


def build(name: str, folder: Path, device: str, network: bool = False) -> nn.Module:
    """pyiqa's network for its metric ``name``: from (n, 3, h, w) RGB, 0..1, to one number per image.

    Files of PyTorch are read without executing what they contain, so that a metric whose files hold more than tensors and plain
    data is refused.

    Args:
        name: pyiqa's name of the metric.
        folder: Where the files are that pyiqa, torchvision, timm, CLIP and Hugging Face otherwise keep in the user's caches.
        device: The torch device that the network is put on.
        network: Whether missing files are downloaded into ``folder``.

    Raises:
        InputError: The metric cannot be built.
    """
    try:
        with _files_in(folder, network), redirect_stdout(io.StringIO()):
            model: nn.Module = InferenceModel(name, device=torch.device(device)).net
    except Exception as error:  # noqa: BLE001 - a hundred metrics by many authors may raise anything
        raise InputError(f"metric pyiqa.{name} {_reason(name, error, network)}") from None
    return model.eval().requires_grad_(False)


@contextmanager
def without_network() -> Iterator[None]:
    """A block in which every attempt of this thread to reach another machine fails, as if there were no network."""
    _install_guard()
    before = getattr(_blocked, "on", False)
    _blocked.on = True
    try:
        yield
    finally:
        _blocked.on = before


@lru_cache(maxsize=1)
def _install_guard() -> None:
    sys.addaudithook(_guard)


def _guard(event: str, arguments: tuple[Any, ...]) -> None:
    if event not in _CONNECTING or not getattr(_blocked, "on", False):
        return
    # A host name has no family, and sockets between processes of this machine have a different one.
    if getattr(arguments[0], "family", socket.AF_INET) in (socket.AF_INET, socket.AF_INET6):
        raise ConnectionRefusedError("the network is not used here")


def _reason(name: str, error: Exception, network: bool) -> str:
    text = " ".join(str(error).split())[:200]
    if "Weights only load failed" in text:
        return "is not run: one of its files holds more than tensors and plain data, and would have to be executed"
    if isinstance(error, OSError) and not network:
        return f"needs files that are not here: mgld-bench weights fetch pyiqa.{name}"
    return f"cannot be built: {type(error).__name__}: {text}"


@contextmanager
def _files_in(folder: Path, network: bool) -> Iterator[None]:
    hub, hugging_face = folder / "torch" / "hub", folder / "huggingface"
    constants = {
        "HF_HOME": str(hugging_face),
        "HF_HUB_CACHE": str(hugging_face / "hub"),
        "HF_ASSETS_CACHE": str(hugging_face / "assets"),
        "HF_XET_CACHE": str(hugging_face / "xet"),
        "HF_HUB_OFFLINE": not network,
    }
    with (
        _environment({"HOME": str(folder), "TORCH_FORCE_WEIGHTS_ONLY_LOAD": "1", "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD": "0"}),
        _attributes(huggingface_hub.constants, constants),
        _attributes(torch.hub, {"_hub_dir": str(hub)}),
        _pyiqa_folder(str(hub / "pyiqa")),
        _pkg_resources(),
        _network(network),
    ):
        yield


@contextmanager
def _network(allowed: bool) -> Iterator[None]:
    if allowed:
        yield
        return
    with without_network():
        yield


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def _attributes(module: ModuleType, values: Mapping[str, object]) -> Iterator[None]:
    before = {name: getattr(module, name) for name in values}
    vars(module).update(values)
    try:
        yield
    finally:
        vars(module).update(before)


@contextmanager
def _pyiqa_folder(folder: str) -> Iterator[None]:
    """Sets the folder that each of pyiqa's modules remembers when it is imported, some of them only inside the block."""
    before = pyiqa.utils.download_util.DEFAULT_CACHE_DIR
    _set_remembered(folder)
    try:
        yield
    finally:
        _set_remembered(before)


@contextmanager
def _pkg_resources() -> Iterator[None]:
    """Provides pkg_resources, from which the package clip imports ``packaging`` and which setuptools no longer has."""
    if importlib.util.find_spec("pkg_resources") is not None:
        yield
        return
    module = ModuleType("pkg_resources")
    vars(module)["packaging"] = packaging
    sys.modules[module.__name__] = module
    try:
        yield
    finally:
        del sys.modules[module.__name__]


def _set_remembered(folder: str) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("pyiqa.") and hasattr(module, "DEFAULT_CACHE_DIR"):
            vars(module)["DEFAULT_CACHE_DIR"] = folder


def main() -> int:
    """Build one metric with network access; returns the exit code, with the reason for a failure on the last line of stderr."""
    name, folder = sys.argv[1:]
    try:
        build(name, Path(folder), "cpu", network=True)
    except InputError as error:
        sys.stderr.write(f"\n{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
