"""The scores of nights, clip by clip, without those of single frames: a history has many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mgld_bench.engine.store import Store
from mgld_bench.nightly.history import Night

Scores = Mapping[tuple[str, str], Mapping[str, float]]
"""By dataset and metric, then by clip."""


def scores_of(store: Store, nights: Sequence[Night]) -> dict[int, Scores]:
    """What is in the store, by the number of the night."""
    values = store.clip_values(dict.fromkeys(key for night in nights for key in night.units))
    found: dict[int, Scores] = {}
    for night in nights:
        own: dict[tuple[str, str], dict[str, float]] = {}
        for key in night.units:
            if key in values:
                unit, value = values[key]
                own.setdefault((unit.dataset, unit.metric), {})[unit.clip] = value
        found[night.id] = own
    return found
