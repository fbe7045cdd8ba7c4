"""Time by the GPU's own clock, and peak memory."""

from __future__ import annotations

import time
from collections.abc import Callable
from statistics import median

import torch

from gpu_bench.scale import Scale


def milliseconds(scale: Scale, run: Callable[[], object], warm: int = 3) -> float:
    """The median over ``scale.repeats`` calls, by events; by the clock on a CPU."""
    for _ in range(warm):
        run()
    if not scale.on_gpu:
        return median(_by_clock(run) for _ in range(scale.repeats))
    spans = []
    for _ in range(scale.repeats):
        start, end = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        run()
        end.record()
        spans.append((start, end))
    torch.cuda.synchronize()
    return median(float(start.elapsed_time(end)) for start, end in spans)


def wait(scale: Scale) -> None:
    """Until the GPU has done all that was asked for."""
    if scale.on_gpu:
        torch.cuda.synchronize()


def peak_gibibytes(scale: Scale) -> float:
    """The most that PyTorch had allocated on the GPU since `forget_peak`; 0 without one."""
    return torch.cuda.max_memory_allocated() / 2**30 if scale.on_gpu else 0.0


def forget_peak(scale: Scale) -> None:
    """Start `peak_gibibytes` anew."""
    if scale.on_gpu:
        torch.cuda.reset_peak_memory_stats()


def _by_clock(run: Callable[[], object]) -> float:
    began = time.perf_counter()
    run()
    return 1e3 * (time.perf_counter() - began)
