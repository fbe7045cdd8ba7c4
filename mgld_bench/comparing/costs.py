"""What a method costs: as recorded with its restored clips, and as `mgld-bench profile` and tables of costs measured it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mgld_bench.comparing.hardware import Hardware, distinct_hardware
from mgld_bench.comparing.state import Profiled, State

FINISHED_RESULTS: Final = "mgld_bench.methods.results:FinishedResults"
"""The restorer of clips that somebody else's program made: reading them is no cost of the method."""


@dataclass(frozen=True)
class Cost:
    """None and "" where it was not recorded."""

    seconds_per_frame: float | None
    """Mean over the compared clips."""
    memory: int | None
    """Bytes: the largest process, over these clips."""
    gpu_memory: int | None
    parameters: str
    """As the card has it, e.g. 16.70M, or as they were counted."""
    places: tuple[str, ...]
    """The machines and devices on which these clips were restored."""
    clips: int
    """Of how many clips there is a cost."""
    hardware: tuple[Hardware, ...] = ()
    """Likewise, in full; costs of different hardware cannot be compared."""
    profile: Profiled | None = None
    """The measurement that is shown beside."""


def cost_of(state: State, clips: Collection[tuple[str, str]]) -> Cost:
    """The cost of a method over these clips (dataset, clip)."""
    known = [restored for place, restored in state.clips.items() if place in clips and restored.seconds is not None]
    if state.card is not None and state.card.restorer == FINISHED_RESULTS:
        known = []
    seconds = [restored.seconds for restored in known if restored.seconds is not None]
    memory = [restored.memory for restored in known if restored.memory]
    gpu = [restored.gpu_memory for restored in known if restored.gpu_memory]
    places = dict.fromkeys(
        ", ".join(restored.origin[name] for name in ("device", "machine") if restored.origin.get(name)) for restored in known
    )
    return Cost(
        seconds_per_frame=sum(seconds) / len(seconds) if seconds else None,
        memory=max(memory, default=None),
        gpu_memory=max(gpu, default=None),
        parameters=state.card.publication.parameters if state.card else "",
        places=tuple(place for place in places if place),
        clips=len(known),
        hardware=distinct_hardware(restored.hardware for restored in known),
    )


def with_profiles(costs: Mapping[str, Cost], states: Sequence[State]) -> dict[str, Cost]:
    """The costs with one measurement of each method that has some.

    Of several, those of the input and hardware that most of the methods have are taken (the latest such, where two have as many),
    so that rows can be compared; then the latest.
    """
    uses = Counter(key for state in states for key in {_place(profile) for profile in state.profiles})
    latest = {key: max(one.measured_at for state in states for one in state.profiles if _place(one) == key) for key in uses}
    found = {}
    for state in states:
        best = max(state.profiles, key=lambda one: (uses[_place(one)], latest[_place(one)], one.measured_at), default=None)
        cost = costs[state.name]
        parameters = cost.parameters or (best.parameters if best else "")
        found[state.name] = replace(cost, profile=best, parameters=parameters)
    return found


def _place(profile: Profiled) -> tuple[str, Hardware]:
    return profile.input, profile.hardware
