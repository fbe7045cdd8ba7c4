"""What a method costs: parameters, floating-point operations, time and memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Final

import psutil
import torch

from mgld_bench.clips.clip import Clip
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.restoring.flops import count_flops
from mgld_bench.restoring.memory import PeakMemory

Tell = Callable[[str], None]
"""Called with a line at the beginning of each stage."""

REPEATS: Final = 5
TIME_LIMIT: Final = 60.0
"""Seconds of timed runs after which no further one is begun."""


@dataclass(frozen=True)
class ProfileResult:
    """The cost of restoring one clip with one method."""

    parameters: Mapping[str, int]
    """Per network, by role."""
    total_parameters: int
    """Of all networks; a parameter that two of them share counts once."""
    trained: Mapping[str, int]
    """Parameters that the authors trained, by stage."""
    flops_per_frame: float | None
    """As mgld_bench.restoring.flops.COUNTED says, over the frames of the clip; None for a method without networks."""
    seconds: tuple[float, ...]
    """Seconds per frame of each timed run: the whole run over the frames of the clip."""
    resident_increase: int
    """Bytes: the largest resident size of the process in the timed runs over that with the weights loaded, before any run."""
    peak_resident: int
    """Bytes: that largest resident size itself."""
    peak_gpu: int | None
    """Bytes: most that PyTorch had allocated on the GPU in the timed runs, weights included; None without one."""
    device: str
    precision: str
    width: int
    """Of the input, in pixels, as height."""
    height: int
    frames: int
    scale: int
    notes: Mapping[str, str]
    """What the restorer says of this clip, by topic: tiles or windows chosen for lack of memory."""

    @property
    def seconds_per_frame(self) -> float:
        """Median over the timed runs."""
        return median(self.seconds)

    @property
    def trained_parameters(self) -> int:
        """Over all stages."""
        return sum(self.trained.values())


def profile(
    restorer: AnyRestorer, clip: Clip, repeats: int = REPEATS, time_limit: float = TIME_LIMIT, tell: Tell | None = None
) -> ProfileResult:
    """Restore ``clip`` once to warm up and to count operations, then up to ``repeats`` times against the clock.

    At least one run is timed; none is begun after ``time_limit`` seconds of them. Resident memory is that of the process: another
    method run before in the same process leaves memory behind, which makes the increase look smaller. Raises InputError where
    the restorer gives another number of frames than the clip has.
    """
    say = tell or (lambda line: None)
    networks = restorer.networks()
    before = psutil.Process().memory_info().rss
    say(f"first run of {clip.frame_count} frames, to warm up{' and to count operations' if networks else ''}")
    flops = _counted_run(restorer, clip)
    with PeakMemory(restorer.compute) as memory:
        seconds = _timed_runs(restorer, clip, repeats, time_limit, say)
        peak_resident, peak_gpu = memory.resident, memory.gpu
    return ProfileResult(
        parameters={role: sum(part.numel() for part in network.parameters()) for role, network in networks.items()},
        total_parameters=_total_parameters(restorer),
        trained=dict(restorer.trained()),
        flops_per_frame=None if flops is None else flops / clip.frame_count,
        seconds=seconds,
        resident_increase=max(0, peak_resident - before),
        peak_resident=peak_resident,
        peak_gpu=peak_gpu,
        device=restorer.compute.describe_device(),
        precision=restorer.compute.precision,
        width=clip.width,
        height=clip.height,
        frames=clip.frame_count,
        scale=restorer.scale,
        notes=dict(restorer.notes(clip)),
    )


def _total_parameters(restorer: AnyRestorer) -> int:
    every = {id(part): part.numel() for network in restorer.networks().values() for part in network.parameters()}
    return sum(every.values())


def _counted_run(restorer: AnyRestorer, clip: Clip) -> int | None:
    """The operations of a run; None for a method without networks."""
    if restorer.networks():
        return count_flops(lambda: _run(restorer, clip))
    _run(restorer, clip)
    return None


def _timed_runs(restorer: AnyRestorer, clip: Clip, repeats: int, time_limit: float, say: Tell) -> tuple[float, ...]:
    """Seconds per frame of each run."""
    seconds: list[float] = []
    while len(seconds) < repeats and (not seconds or sum(seconds) * clip.frame_count < time_limit):
        _wait_for_gpu(restorer.compute)
        began = time.perf_counter()
        _run(restorer, clip)
        _wait_for_gpu(restorer.compute)
        seconds.append((time.perf_counter() - began) / clip.frame_count)
        say(f"timed run {len(seconds)}: {seconds[-1]:.4f} s/frame")
    return tuple(seconds)


def _run(restorer: AnyRestorer, clip: Clip) -> None:
    """Restore the whole clip, keeping no frame."""
    count = sum(1 for _ in restorer.restore(clip))
    if count != clip.frame_count:
        raise InputError(f"clip {clip.name}: {type(restorer).__name__} gave {count} frames for {clip.frame_count}")


def _wait_for_gpu(compute: Compute) -> None:
    if compute.device.startswith("cuda"):
        torch.cuda.synchronize(compute.torch_device())
