"""A function of tensors as a CUDA graph: its kernels are launched as one, which takes no time on the CPU.

A step of the diffusion networks is about 1,500 kernels. Where frames are few, launching them takes longer than their work.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor

from mgld_bench.memory import is_out_of_memory

_LOG: Final = logging.getLogger(__name__)
_MOST: Final = 2
"""Graphs that are kept, each with the memory of its maps: a clip has one number of segments at a time, and fewer at its end."""
_WARM_UPS: Final = 2
"""Runs before one is recorded, in which libraries choose kernels and take working memory."""


@dataclass(frozen=True)
class _Recorded:
    graph: torch.cuda.CUDAGraph
    inputs: tuple[Tensor, ...]
    """What it reads, at addresses that stay."""
    output: Tensor
    """What it writes."""


class Graphed:
    """A function that is recorded once for each shape of its tensors, and replayed. It must not wait for the GPU."""

    def __init__(self, run: Callable[..., Tensor]) -> None:
        self._run = run
        self._recorded: dict[tuple[object, ...], _Recorded | None] = {}

    def __call__(self, *tensors: Tensor) -> Tensor:
        """What the function returns for tensors on a CUDA device."""
        key = tuple((tensor.shape, tensor.dtype) for tensor in tensors)
        if key not in self._recorded:
            while len(self._recorded) >= _MOST:
                self._recorded.pop(next(iter(self._recorded)))
            with _on(tensors[0].device):
                self._recorded[key] = self._record(tensors)
        recorded = self._recorded[key]
        if recorded is None:
            return self._run(*tensors)
        for own, given in zip(recorded.inputs, tensors, strict=True):
            own.copy_(given)
        recorded.graph.replay()
        return recorded.output.clone()

    def _record(self, tensors: tuple[Tensor, ...]) -> _Recorded | None:
        """None where this machine cannot record it."""
        inputs = tuple(tensor.clone() for tensor in tensors)
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(_WARM_UPS):
                self._run(*inputs)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        try:
            # Only this thread may not wait: others may use the GPU meanwhile.
            with torch.cuda.graph(graph, capture_error_mode="thread_local"):
                output = self._run(*inputs)
        except RuntimeError as error:
            if is_out_of_memory(error):
                raise
            _LOG.warning("no CUDA graph of the networks, which are launched kernel by kernel: %s", str(error).splitlines()[0])
            return None
        return _Recorded(graph, inputs, output)


def _on(device: torch.device) -> AbstractContextManager[object]:
    """A block in which a CUDA device is the current one."""
    return nullcontext() if device.index in (None, torch.cuda.current_device()) else torch.cuda.device(device)
