"""What a Compute means on this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mgld_bench.errors import InputError
from mgld_bench.methods.restorer import Compute

if TYPE_CHECKING:
    import torch


def check_device(compute: Compute) -> None:
    """Raise InputError where the device is unknown, not there, or cannot do the precision. Imports torch only where it has to."""
    if compute.device == "cpu":
        _check_cpu(compute)
    else:
        device_of(compute)


def device_of(compute: Compute) -> torch.device:
    """The torch device. Raises InputError where it is unknown, not there, or cannot do the precision."""
    import torch

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
    if device.type == "cpu":
        _check_cpu(compute)
    return device


def dtype_of(compute: Compute) -> torch.dtype:
    """The torch type in which networks compute."""
    import torch

    return {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}[compute.precision]


def describe_device(compute: Compute) -> str:
    """The device as a reader of results would name it, e.g. "cpu, 2 cores" or "cuda:0 NVIDIA H200"."""
    if not compute.device.startswith("cuda"):
        return f"{compute.device}, {os.cpu_count()} cores"
    import torch

    device = device_of(compute)
    index = torch.cuda.current_device() if device.index is None else device.index
    return f"cuda:{index} {torch.cuda.get_device_name(index)}"


def _check_cpu(compute: Compute) -> None:
    if compute.precision != "float32":
        raise InputError(f"precision {compute.precision}: a CPU computes in float32; use that, or a GPU")
