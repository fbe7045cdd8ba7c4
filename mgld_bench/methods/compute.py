"""Where and how a method computes: the device, the precision, and the memory it may take."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from mgld_bench.errors import InputError
from mgld_bench.memory import memory_budget
from mgld_bench.networks.layers.speedups import Speedups

if TYPE_CHECKING:
    import torch

Precision = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class Compute:
    """Where and how a method computes. Made without torch, and checked without it for a CPU."""

    device: str = "cpu"
    """A torch device: "cpu", "cuda", "cuda:1"."""
    precision: Precision = "float32"
    max_memory: int | None = None
    """Bytes that the method may take beside its weights; None: half of the device's memory."""
    allow_tf32: bool = False
    """Let a GPU round the factors of float32 products to TF32 (10 bits of mantissa), as PyTorch does in convolutions."""
    speedups: Speedups | None = None
    """How the diffusion methods compute faster, at the price of rounding; None: in all ways on a CUDA GPU, in none elsewhere."""
    elsewhere: bool = False
    """Whether work is only planned here, for machines that have the device."""

    @property
    def arithmetic(self) -> str:
        """The precision, and whether TF32 is allowed: what frames and unit keys depend on."""
        return f"{self.precision}+tf32" if self.allow_tf32 else self.precision

    @contextmanager
    def float32_as_asked(self) -> Iterator[None]:
        """A block in which float32 on GPUs is exact, or TF32 where that is allowed; afterwards it is as before."""
        if "torch" not in sys.modules:
            # Nothing computes with it then.
            yield
            return
        from mgld_bench.networks.layers.tensor_float32 import tensor_float32

        with tensor_float32(self.allow_tf32):
            yield

    def check(self) -> None:
        """Raise InputError if the device is unknown or missing, or cannot compute in this precision."""
        if self.device == "cpu":
            self._check_cpu()
        elif not self.elsewhere:
            self.torch_device()

    def torch_device(self) -> torch.device:
        """The torch device.

        Raises:
            InputError: if it is unknown or missing, or cannot compute in this precision.
        """
        import torch

        try:
            device = torch.device(self.device)
        except RuntimeError:
            raise InputError(f"device {self.device}: not a torch device (cpu, cuda, cuda:1, mps)") from None
        if device.type == "cuda" and not torch.cuda.is_available():
            raise InputError(f"device {self.device}: PyTorch finds no CUDA GPU here; use cpu")
        if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
            raise InputError(f"device {self.device}: there are only {torch.cuda.device_count()} GPUs here")
        if device.type == "mps" and not torch.backends.mps.is_available():
            raise InputError(f"device {self.device}: PyTorch finds no Metal GPU here; use cpu")
        if device.type == "cpu":
            self._check_cpu()
        return device

    def dtype(self) -> torch.dtype:
        """The torch type in which networks compute."""
        import torch

        return {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}[self.precision]

    def chosen_speedups(self) -> Speedups:
        """``speedups``, or what suits the device."""
        if self.speedups is not None:
            return self.speedups
        return Speedups() if self.device.startswith("cuda") else Speedups.none()

    @property
    def value_bytes(self) -> int:
        """Bytes of a value in that type."""
        return 4 if self.precision == "float32" else 2

    def memory_budget(self) -> int:
        """The bytes that the method may take beside its weights: ``max_memory``, or half of the device's memory."""
        return memory_budget(self.device, self.max_memory)

    def describe_device(self) -> str:
        """The device as a reader of results would name it: "cpu, 2 cores", "cuda:0 NVIDIA H200"."""
        if self.elsewhere:
            return f"{self.device} of other machines"
        if not self.device.startswith("cuda"):
            return f"{self.device}, {os.cpu_count()} cores"
        import torch

        device = self.torch_device()
        index = torch.cuda.current_device() if device.index is None else device.index
        return f"cuda:{index} {torch.cuda.get_device_name(index)}"

    def _check_cpu(self) -> None:
        if self.precision != "float32":
            raise InputError(f"precision {self.precision}: a CPU computes in float32; use that, or a GPU")


def machine_name() -> str:
    """System and processor, as results record them: "Linux x86_64 AMD EPYC"."""
    return f"{platform.system()} {platform.machine()} {processor_name()}".strip()


def processor_name() -> str:
    """The processor's name: Linux hides it from the platform module."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as lines:  # noqa: PTH123 - not a file of the user
            names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    except OSError:
        names = []
    return names[0] if names else platform.processor()
