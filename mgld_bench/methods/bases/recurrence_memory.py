"""How long a stretch of a clip a bidirectional recurrence can hold at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from mgld_bench.clips.clip import Clip
from mgld_bench.memory import memory_budget, over_budget
from mgld_bench.methods.compute import Compute
from mgld_bench.networks.spynet import MULTIPLE


@dataclass(frozen=True)
class RecurrenceMemory:
    """Bytes per LR pixel; SPyNet's multiples of 32 count as pixels."""

    step: int
    """For what one frame takes while it is computed."""
    frame: int
    """For each frame of the window, on the device, whether or not its features are kept there."""
    features: int
    """For the kept features of each frame."""


@dataclass(frozen=True)
class RecurrencePlan:
    """How a clip is cut and where features are kept."""

    window: int
    """Frames per recurrence."""
    store: torch.device
    """Where backward features are kept."""


def plan_recurrence(clip: Clip, window: int, memory: RecurrenceMemory, device: torch.device, compute: Compute) -> RecurrencePlan:
    """The plan for ``clip`` with ``window`` frames per recurrence; 0: all frames, or as few equal windows as the memory allows.

    Features go to the CPU's memory where the device is another one and cannot hold those of the window. A window that is given is
    taken as it is. Raises InputError where not even a window of one frame fits.
    """
    pixels = _padded(clip.height) * _padded(clip.width)
    budget = compute.memory_budget()
    free = budget - pixels * memory.step
    wanted = min(window or clip.frame_count, clip.frame_count)
    store, longest = device, free // (pixels * (memory.frame + memory.features))
    if device.type != "cpu" and longest < wanted:
        with_host = min(free // (pixels * memory.frame), memory_budget("cpu") // (pixels * memory.features))
        if with_host > longest:
            store, longest = torch.device("cpu"), with_host
    if window or longest >= wanted:
        return RecurrencePlan(wanted, store)
    if longest < 1:
        needed = pixels * (memory.step + memory.frame + (memory.features if device.type == "cpu" else 0))
        raise over_budget(f"clip {clip.name}: one frame of {clip.width} x {clip.height}", needed, budget)
    windows = -(-clip.frame_count // longest)
    return RecurrencePlan(-(-clip.frame_count // windows), store)


def _padded(side: int) -> int:
    padded: int = -(-side // MULTIPLE) * MULTIPLE
    return padded
