"""Which frames of a clip are asked for."""

from __future__ import annotations

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError


def frame_range(facts: ClipFacts, start: int, stop: int | None) -> range:
    """The indices start .. stop - 1 (None: to the end). Raises InputError where the clip has not all of them."""
    end = facts.frame_count if stop is None else stop
    if not 0 <= start <= end <= facts.frame_count:
        raise InputError(f"clip {facts.name} has {facts.frame_count} frames: frames {start} to {end - 1} cannot be read")
    return range(start, end)
