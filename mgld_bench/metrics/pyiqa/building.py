"""Builds pyiqa's metrics so that they find their files in one folder, and nowhere else unless the network is allowed."""

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
from torch import nn

from mgld_bench.errors import InputError

_CONNECTING = frozenset({"socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"})
_blocked = threading.local()


def build(name: str, folder: Path, device: str, network: bool = False) -> nn.Module:
    """pyiqa's network of its metric ``name`` on a torch ``device``: from (n, 3, h, w) RGB, 0..1, to one number per image.

    folder: where the files are that pyiqa, torchvision, timm, CLIP and Hugging Face otherwise keep in caches of the user's.
    network: whether what is not there is downloaded into it. Files of PyTorch are read without executing what they contain; so a
    metric whose files hold more than tensors and plain data is refused. Raises InputError where the metric cannot be built.
    """
    try:
        with _files_in(folder, network), redirect_stdout(io.StringIO()):
            model: nn.Module = InferenceModel(name, device=torch.device(device)).net
    except Exception as error:  # noqa: BLE001 - some of a hundred metrics by many authors may raise anything
        raise InputError(f"metric pyiqa.{name} {_reason(name, error, network)}") from None
    return model.eval().requires_grad_(False)


@contextmanager
def without_network() -> Iterator[None]:
    """Every attempt of this thread to reach another machine inside of the block fails as if there were no network."""
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
    # Host names have no family, and sockets between the processes of this machine have another one.
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
    """The folder that pyiqa's modules each remember when they are imported, some of them only inside of the block."""
    before = pyiqa.utils.download_util.DEFAULT_CACHE_DIR
    _remember(folder)
    try:
        yield
    finally:
        _remember(before)


@contextmanager
def _pkg_resources() -> Iterator[None]:
    """The module of setuptools from which the package clip takes ``packaging``; setuptools has it no longer."""
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


def _remember(folder: str) -> None:
    for name, module in list(sys.modules.items()):
        if name.startswith("pyiqa.") and hasattr(module, "DEFAULT_CACHE_DIR"):
            vars(module)["DEFAULT_CACHE_DIR"] = folder
