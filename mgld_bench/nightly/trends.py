"""Speed and memory over the nights: where their level changed. A single night never says anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from mgld_bench.comparing.costs import Cost
from mgld_bench.nightly.history import Night
from mgld_bench.statistics.change_points import levels

LEAST_CHANGE: Final = 0.05
"""Steps of less than this share are not reported."""
MEASURED: Final = {"seconds": "s/frame", "memory": "peak memory", "gpu_memory": "peak GPU memory"}
_UNITS: Final = {"seconds": (1.0, "s"), "memory": (1e6, "MB"), "gpu_memory": (1e6, "MB")}


@dataclass(frozen=True)
class Step:
    """From this night on, the level is another one."""

    what: str
    """A key of MEASURED."""
    night: int
    before: float
    after: float

    @property
    def text(self) -> str:
        """In one line."""
        scale, unit = _UNITS[self.what]
        change = (self.after / self.before - 1) * 100
        return (
            f"{MEASURED[self.what]}: {change:+.0f} % since night {self.night} "
            f"({self.before / scale:.4g} {unit} → {self.after / scale:.4g} {unit})"
        )


def cost_facts(cost: Cost) -> dict[str, Any]:
    """What a night keeps of its cost."""
    return {
        "seconds": cost.seconds_per_frame,
        "memory": cost.memory,
        "gpu_memory": cost.gpu_memory,
        "places": list(cost.places),
    }


def steps(series: Sequence[Night]) -> tuple[Step, ...]:
    """The steps of every measure, among the nights that ran where the last one did; earliest first."""
    places = next((night.facts["cost"]["places"] for night in reversed(series) if night.facts.get("cost")), None)
    found = []
    for what in MEASURED:
        known = [
            (night.id, float(night.facts["cost"][what]))
            for night in series
            if night.facts.get("cost") and night.facts["cost"]["places"] == places and night.facts["cost"][what]
        ]
        pieces = levels([value for _, value in known])
        for before, after in pairwise(pieces):
            if before.value and abs(after.value / before.value - 1) >= LEAST_CHANGE:
                found.append(Step(what, known[after.first][0], before.value, after.value))
    return tuple(found)


def twice_as_long(series: Sequence[Night], seconds: float | None) -> str:
    """A remark where a night took at least twice the median of the nights before it, "" otherwise."""
    before = sorted(float(night.facts["cost"]["seconds"]) for night in series if (night.facts.get("cost") or {}).get("seconds"))
    if seconds is None or len(before) < 3:
        return ""
    usual = before[len(before) // 2]
    return f"took {seconds / usual:.1f} times as long per frame as usual" if seconds >= 2 * usual else ""
