"""What one or several sessions hold, while no run goes on in their workspaces or while one does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mgld_bench.engine.plan import Plan
from mgld_bench.engine.progress import Progress
from mgld_bench.engine.safe_writes import has_writer
from mgld_bench.engine.session import Session
from mgld_bench.errors import sentence
from mgld_bench.report.collect.costs import with_costs
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.from_store import collect
from mgld_bench.report.collect.merged import Part, merged
from mgld_bench.report.collect.published_sets import usable_sets


def collect_sessions(
    sessions: Sequence[Session],
    command: str,
    with_pictures: bool,
    progress: Progress | None = None,
    plan: Plan | None = None,
) -> ReportData:
    """Everything that a report of these sessions shows; a workspace in which a run is going on is named.

    Args:
        sessions: one suite in one workspace, or in several: see merged().
        command: recorded as that which asked for the report.
        with_pictures: open the frames, which a table does not need.
        progress: where to report progress; default: nowhere.
        plan: the first session's, where it was made a moment ago; default: it is made.

    Raises:
        InputError: see collect() and merged().
    """
    parts, notes = [], []
    for number, session in enumerate(sessions):
        # Asked before anything is read: what a run adds from then on may be missing.
        running = has_writer(session.workspace)
        planned = plan if plan is not None and number == 0 else session.plan()
        data = collect(planned, session.workspace, session.store, command, with_pictures, progress)
        parts.append(Part(planned, session.store, data))
        if running:
            notes.append(f"A run is going on in {session.workspace}: what it has not scored yet is missing here.")
    whole = parts[0].data if len(parts) == 1 else merged(parts)
    known, wrong = usable_sets(sessions[0].cards)
    notes += [sentence(f"Left out of the published sets: {problem}") for problem in wrong]
    return with_costs(replace(whole, footnotes=(*dict.fromkeys(notes), *whole.footnotes), published_sets=known), sessions)
