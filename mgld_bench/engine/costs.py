"""What the units that are not done will cost: time and disk, from measured costs and from the frames' sizes."""

from __future__ import annotations

from dataclasses import dataclass

from mgld_bench.engine.plan import Plan
from mgld_bench.engine.store import Store
from mgld_bench.methods.compute import Compute

PNG_SHARE = 0.6
"""Size of a PNG frame relative to its raw bytes, for estimates; the demo's frames have 0.37 (Bicubic) to 0.58 (Real-ESRGAN)."""


@dataclass(frozen=True)
class Estimate:
    """What the units that are not done will cost, as far as it is known."""

    seconds: float
    """For the units whose cost is known."""
    unknown: tuple[str, ...]
    """Methods and metrics whose time is missing from ``seconds``."""
    disk: float
    """Bytes of PNG frames, estimated from the frames' size."""


def estimate(plan: Plan, store: Store, compute: Compute) -> Estimate:
    """The cost of what is left to do, from measured costs in the store and from the frames' sizes."""
    costs = store.seconds_per_frame()
    seconds, unknown, disk = 0.0, [], 0.0
    for unit in plan.units:
        if unit.done:
            continue
        what = unit.metric if unit.kind == "score" else unit.method
        cost = costs.get((unit.kind, what))
        if cost is None:
            unknown.append(what or "pairs")
        else:
            seconds += cost * unit.frames
        size = plan.sizes[unit.dataset, unit.clip]
        if unit.kind != "score" and size is not None:
            disk += 3 * PNG_SHARE * size[0] * size[1] * unit.frames
    return Estimate(seconds, tuple(dict.fromkeys(unknown)), disk)
