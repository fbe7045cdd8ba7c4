"""How much memory a worker is to be given on a cluster: what a method of the plan is known to have taken, with some room."""

from __future__ import annotations

from typing import Final

from mgld_bench.engine.kept_profiles import profiles_of
from mgld_bench.engine.plan import Plan
from mgld_bench.engine.store import Store

ROOM: Final = 1.25
"""Times what was measured: clips and machines differ. A choice."""


def memory_of(plan: Plan, store: Store) -> int:
    """Bytes for whoever may restore any clip of the plan that is not done; 0 where nothing is known of its methods.

    Known is what `profile` has measured and what clips took that were restored before: the largest resident size of a process.
    """
    methods = sorted({unit.method for unit in plan.todo("restore")})
    if not methods:
        return 0
    taken = [int(unit.facts.get("peak_memory") or 0) for unit, _ in store.recorded("restore", methods)]
    profiles = [profile for method in methods for profile in profiles_of(store, plan.suite.every_method[method])]
    return int(ROOM * max([*taken, *(profile.result.peak_resident for profile in profiles)], default=0))
