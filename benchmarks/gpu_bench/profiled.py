"""Phase 7: the kernels that take longest in one step of U-Net and structure encoder."""

from __future__ import annotations

from contextlib import ExitStack

import torch
from torch.profiler import ProfilerActivity, profile

from gpu_bench.authors import AuthorsMGLD, authors_mgld
from gpu_bench.breakdown import SEGMENT, step_of
from gpu_bench.builds import mgld
from gpu_bench.session import Session, Values
from gpu_bench.timing import wait
from mgld_bench.methods.mgld import MGLDVSR

LISTED = 25


def profiled(session: Session) -> None:
    """Rows of ours and of the authors': a kernel each, in milliseconds per segment."""
    scale = session.scale
    session.attempt("ours: kernels of a step", 6, lambda: _longest(session, "ours", mgld(scale, scale.half), scale.many))
    session.attempt("the authors': kernels of a step", 6, lambda: _longest(session, "theirs", authors_mgld(scale), scale.few))


def _longest(session: Session, whose: str, method: MGLDVSR, frames: int) -> Values:
    scale = session.scale
    step = step_of(scale, method, frames)
    activity = ProfilerActivity.CUDA if scale.on_gpu else ProfilerActivity.CPU
    with ExitStack() as block:
        if isinstance(method, AuthorsMGLD):
            block.enter_context(method.arranged())
        block.enter_context(torch.no_grad())
        for _ in range(3):
            step()
        wait(scale)
        with profile(activities=[activity]) as found:
            step()
            wait(scale)
    segments = frames // SEGMENT
    times = {event.key: (_microseconds(event, on_gpu=scale.on_gpu), event.count) for event in found.key_averages()}
    whole = sum(taken for taken, _ in times.values()) or 1.0
    longest = sorted(times.items(), key=lambda entry: -entry[1][0])[:LISTED]
    for name, (taken, count) in longest:
        session.row(f"{whose}: {name[:80]}", **{"ms": taken / 1e3 / segments, "share, %": 100 * taken / whole, "calls": count})
    return {"kernels": sum(count for _, count in times.values()), "ms": whole / 1e3 / segments}


def _microseconds(event: object, *, on_gpu: bool) -> float:
    return float(getattr(event, "self_device_time_total" if on_gpu else "self_cpu_time_total"))
