"""The most memory that work takes at any moment."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Final

import psutil

from mgld_bench.methods.compute import Compute

_INTERVAL: Final = 0.02
"""Seconds between two samples."""


class PeakMemory:
    """Watches the memory of this process, and of the GPU of ``compute``, while its ``with`` block runs.

    >>> with PeakMemory(Compute()) as memory:
    ...     zeros = bytearray(1000)
    >>> memory.resident > 1_000_000, memory.gpu
    (True, None)
    """

    def __init__(self, compute: Compute) -> None:
        self._compute = compute
        self._process = psutil.Process()
        self._peak = 0
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="peak-memory", daemon=True)

    def __enter__(self) -> PeakMemory:
        if self._on_gpu:
            import torch

            torch.cuda.reset_peak_memory_stats(self._compute.torch_device())
        self._sample()
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()

    @property
    def resident(self) -> int:
        """The largest resident size so far, in bytes."""
        self._sample()
        return self._peak

    @property
    def gpu(self) -> int | None:
        """The most that PyTorch has had allocated on the GPU so far, in bytes; None without a GPU."""
        if not self._on_gpu:
            return None
        import torch

        return torch.cuda.max_memory_allocated(self._compute.torch_device())

    @property
    def _on_gpu(self) -> bool:
        return self._compute.device.startswith("cuda")

    def _watch(self) -> None:
        while not self._stopped.wait(_INTERVAL):
            self._sample()

    def _sample(self) -> None:
        self._peak = max(self._peak, self._process.memory_info().rss)
