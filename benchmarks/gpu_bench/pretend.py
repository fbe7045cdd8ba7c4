"""Fake tensors on a GPU that is not there: every operation's shapes and types are checked, and nothing is computed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from types import SimpleNamespace
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn
from torch._subclasses import fake_tensor
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.nn import functional

from mgld_bench.networks.layers.fused import kernel_fault

PROPERTIES = SimpleNamespace(total_memory=140 * 2**30, name="pretended", multi_processor_count=132, major=9, minor=0)


@contextmanager
def pretended_gpu() -> Iterator[None]:
    """A block in which device "cuda" exists, with tensors that have no values: what is read of them is 0, or true."""
    _import_what_looks_for_a_driver()
    cuda: dict[str, Any] = {
        "is_available": lambda: True,
        "device_count": lambda: 1,
        "current_device": lambda: 0,
        "get_device_properties": lambda device=None: PROPERTIES,
        "get_device_name": lambda device=None: PROPERTIES.name,
        "get_device_capability": lambda device=None: (PROPERTIES.major, PROPERTIES.minor),
        "mem_get_info": lambda device=None: (PROPERTIES.total_memory, PROPERTIES.total_memory),
        "memory_allocated": lambda device=None: 0,
        "max_memory_allocated": lambda device=None: 0,
        "reset_peak_memory_stats": lambda device=None: None,
        "synchronize": lambda device=None: None,
        "empty_cache": lambda: None,
        "Event": _Event,
        "current_stream": lambda device=None: SimpleNamespace(wait_stream=lambda other: None, synchronize=lambda: None),
        "Stream": lambda *given, **named: SimpleNamespace(wait_stream=lambda other: None, synchronize=lambda: None),
        "stream": lambda given: nullcontext(),
        "CUDAGraph": lambda *given, **named: SimpleNamespace(replay=lambda: None),
        "graph": lambda *given, **named: nullcontext(),
    }
    fake: dict[str, Callable[..., Any]] = {
        "numpy": lambda tensor, **named: np.zeros(tuple(tensor.shape), str(tensor.dtype).removeprefix("torch.")),
        "item": lambda tensor: 0,
        "tolist": lambda tensor: np.ones(tuple(tensor.shape)).tolist(),
        "pin_memory": lambda tensor, *given: tensor,
        "__getitem__": _picked,
        "__bool__": lambda tensor: True,
        "__float__": lambda tensor: 0.0,
        "__int__": lambda tensor: 0,
    }
    with ExitStack() as block:
        block.enter_context(mock.patch.multiple(torch.cuda, **cuda))
        for name, replacement in fake.items():
            block.enter_context(mock.patch.object(FakeTensor, name, replacement, create=True))
        block.enter_context(mock.patch.object(torch, "Generator", _Generator))
        block.enter_context(mock.patch.object(torch.autograd, "grad", lambda loss, inputs, **named: (torch.zeros_like(inputs),)))
        block.enter_context(mock.patch.object(torch, "equal", lambda first, second: True))
        block.enter_context(mock.patch.object(nn.Module, "_apply", _apply))
        block.enter_context(mock.patch.object(Tensor, "new_tensor", _new_tensor))
        # Single numbers would keep their values, and be moved to a GPU for real.
        block.enter_context(mock.patch.object(fake_tensor, "CONSTANT_NUMEL_LIMIT", 0))
        # Of some versions of PyTorch: it starts CUDA.
        block.enter_context(mock.patch.object(fake_tensor, "init_gpu_context", lambda device: None, create=True))
        block.enter_context(mock.patch.object(functional, "scaled_dot_product_attention", _attention))
        # It samples by an operation of its own, of which shapes are not known.
        block.enter_context(torch.backends.cudnn.flags(enabled=False))
        block.enter_context(FakeTensorMode(allow_non_fake_inputs=True))
        kernel_fault.cache_clear()
        yield
    kernel_fault.cache_clear()


class _Event:
    """By the clock."""

    def __init__(self, **named: bool) -> None:
        self._at = 0.0

    def record(self, stream: object = None) -> None:
        self._at = time.perf_counter()

    def synchronize(self) -> None:
        pass

    def elapsed_time(self, other: _Event) -> float:
        return 1e3 * (other._at - self._at)


class _Generator(torch.Generator):
    """On the CPU whatever was asked for."""

    def __new__(cls, device: torch.device | str = "cpu") -> _Generator:
        return super().__new__(cls, "cpu")  # type: ignore[call-arg]


def _import_what_looks_for_a_driver() -> None:
    """Before there seems to be a GPU: torch._dynamo, which the first operation on a fake tensor imports, would start CUDA."""
    with FakeTensorMode():
        torch.zeros(1).uniform_()


def _apply(network: nn.Module, change: Callable[[Tensor], Tensor], recurse: bool = True) -> nn.Module:
    """Put changed parameters in the place of the old ones, which fake tensors cannot become."""
    for child in network.children() if recurse else ():
        child._apply(change)
    for name, parameter in network._parameters.items():
        if parameter is not None:
            with torch.no_grad():
                network._parameters[name] = nn.Parameter(change(parameter.detach()), requires_grad=parameter.requires_grad)
    for name, buffer in network._buffers.items():
        if buffer is not None:
            network._buffers[name] = change(buffer)
    return network


def _attention(queries: Tensor, keys: Tensor, values: Tensor, **named: object) -> Tensor:
    """In parts: which kernel is taken would be asked of the GPU."""
    return (queries @ keys.transpose(-2, -1)).softmax(dim=-1) @ values


def _picked(tensor: Tensor, index: Any) -> Tensor:  # noqa: ANN401 - whatever may stand in brackets
    """Of a list of places, only how many there are: it would be moved to a GPU for real."""
    return Tensor.__getitem__(tensor, slice(len(index)) if isinstance(index, list) else index)


def _new_tensor(tensor: Tensor, data: object) -> Tensor:
    return torch.tensor(data, dtype=tensor.dtype).to(tensor.device)
