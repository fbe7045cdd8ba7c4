"""Speed and memory over the nights: where their level changed, and a night that took twice as long as usual."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import Any, Final

from mgld_bench.comparing.costs import Cost
from mgld_bench.nightly.history import Night
from mgld_bench.statistics.change_points import levels

LEAST_CHANGE: Final = 0.05
"""Steps of less than this share are not reported."""
USUAL: Final = 5
"""Nights before this one: so few that a slower machine is the usual one soon."""
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


def twice_as_long(series: Sequence[Night], cost: Mapping[str, Any]) -> str:
    """How much longer per frame than usual a night took, from twice the usual on, in words; "" otherwise.

    Usual is the median of the last USUAL nights on the same device, at least three of them.

    Args:
        series: the nights before.
        cost: that of this night, see cost_facts().
    """
    alike = [found for night in series if (found := night.facts.get("cost") or {}).get("places") == cost["places"]]
    before = [float(each["seconds"]) for each in alike if each["seconds"]][-USUAL:]
    if not cost["seconds"] or len(before) < 3:
        return ""
    usual = median(before)
    ratio = cost["seconds"] / usual
    return f"took {ratio:.1f} times as long per frame as usual" if ratio >= 2 else ""
