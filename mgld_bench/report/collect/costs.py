"""The measured costs that a report's table shows: for each method and size one of the measurements that are kept."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from mgld_bench.engine.cost_columns import COST_FACTS
from mgld_bench.engine.session import Session
from mgld_bench.report.collect.data import MeasuredCost, ReportData


def with_costs(data: ReportData, sessions: Sequence[Session]) -> ReportData:
    """``data`` with the measurements that its card's table of costs shows; unchanged where the card has none.

    Of several measurements of the same method and size, those of the place that has most of the table are taken (the latest such
    place, where two have as many), so that rows can be compared; of one place, those with the method's own weights, and then the
    latest.
    """
    if data.card.costs is None:
        return data
    # Here, because it takes seconds to import.
    from mgld_bench.engine.kept_profiles import kept_profiles
    from mgld_bench.engine.measuring import measurements

    wanted = measurements(sessions[0].suite)
    identities = [one.identity for one in wanted]
    kept = [one for session in sessions for one in kept_profiles(session.store, identities)]
    kept.sort(key=lambda one: (not one.random, one.measured_at), reverse=True)
    covered = Counter(origin for origin, _ in {(one.origin, one.identity) for one in kept})
    latest = {origin: max(one.measured_at for one in kept if one.origin == origin) for origin in covered}
    kept.sort(key=lambda one: (covered[one.origin], latest[one.origin]), reverse=True)
    costs = []
    for one in wanted:
        found = next((profile for profile in kept if profile.identity == one.identity), None)
        if found is not None:
            size = f"{one.measured.width}x{one.measured.height}"
            costs.append(MeasuredCost(one.card.name, size, found.result, found.weights, found.origin, found.measured_at))
    metrics = {COST_FACTS[column].name: COST_FACTS[column] for column in data.card.costs.columns}
    return replace(data, costs=tuple(costs), metrics=metrics)
