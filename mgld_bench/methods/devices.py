"""What a Compute means on this machine."""

from __future__ import annotations

from typing import Final

import psutil
import torch

from mgld_bench.errors import InputError
from mgld_bench.methods.restorer import Compute, Precision

_TYPES: Final[dict[Precision, torch.dtype]] = {
    "float32": torch.float32,
    "float16": torch.float16,
    "bfloat16": torch.bfloat16,
}
_USABLE_SHARE: Final = 0.5
"""Of a device's memory, where no limit is given. Of all of it, not of what is free: the same machine gives the same frames."""


def device_of(compute: Compute) -> torch.device:
    """The torch device. Raises InputError where it is unknown, not there, or cannot do the precision."""
    try:
        device = torch.device(compute.device)
    except RuntimeError:
        raise InputError(f"device {compute.device}: not a torch device (cpu, cuda, cuda:1, mps)") from None
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device {compute.device}: PyTorch finds no CUDA GPU here; use cpu")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(f"device {compute.device}: there are only {torch.cuda.device_count()} GPUs here")
    if device.type == "mps" and not torch.backends.mps.is_available():
        raise InputError(f"device {compute.device}: PyTorch finds no Metal GPU here; use cpu")
    if device.type == "cpu" and compute.precision != "float32":
        raise InputError(f"precision {compute.precision}: a CPU computes in float32; use that, or a GPU")
    return device


def dtype_of(compute: Compute) -> torch.dtype:
    """The torch type in which networks compute."""
    return _TYPES[compute.precision]


def memory_limit(compute: Compute) -> int:
    """Bytes that a method may use beside its weights."""
    if compute.max_memory is not None:
        return compute.max_memory
    device = device_of(compute)
    total = torch.cuda.get_device_properties(device).total_memory if device.type == "cuda" else psutil.virtual_memory().total
    return int(total * _USABLE_SHARE)


def describe_device(compute: Compute) -> str:
    """The device as a reader of results would name it, e.g. "cpu, 2 threads" or "cuda:0 NVIDIA H200"."""
    device = device_of(compute)
    if device.type == "cuda":
        index = torch.cuda.current_device() if device.index is None else device.index
        return f"cuda:{index} {torch.cuda.get_device_name(index)}"
    return f"{device.type}, {torch.get_num_threads()} threads" if device.type == "cpu" else device.type
