"""What a method costs: seconds per frame, memory, parameters, as they were recorded with its restored clips."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from mgld_bench.comparing.state import State


@dataclass(frozen=True)
class Cost:
    """None and "" where it was not recorded."""

    seconds_per_frame: float | None
    """Mean over the compared clips."""
    memory: int | None
    """Bytes: the largest process, over these clips."""
    gpu_memory: int | None
    parameters: str
    """As the card has it, e.g. 16.70M."""
    places: tuple[str, ...]
    """The machines and devices on which these clips were restored; costs of different ones cannot be compared."""
    clips: int
    """Of how many clips there is a cost."""


def cost_of(state: State, clips: Collection[tuple[str, str]]) -> Cost:
    """The cost of a method over these clips (dataset, clip)."""
    known = [restored for place, restored in state.clips.items() if place in clips and restored.seconds is not None]
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
    )
