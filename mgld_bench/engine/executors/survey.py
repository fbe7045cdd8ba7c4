"""What runs where: the runs by workers of a store, their workers, what is done and what is left, and how long it will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import func, inspect, select
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.clock import clock
from mgld_bench.engine.executors.claiming import BLOCKED, DONE, FAILED, READY, RUNNING
from mgld_bench.engine.executors.staff import Worker, staff
from mgld_bench.engine.schema.tables import JobRow, TaskRow
from mgld_bench.engine.store import Store

_RECENT: Final = 600.0
"""Seconds for which a worker that is not seen any more is listed."""
MISSING: Final = 60.0
"""Seconds after which a worker that has not been seen is called missing."""


@dataclass(frozen=True)
class Progression:
    """How far the units of one kind, of one method or metric, are."""

    kind: str
    what: str
    """The method or metric; "" of pairs."""
    counts: Mapping[str, int]
    """By state."""
    seconds: float | None
    """What one takes; None where none has been done yet."""


@dataclass(frozen=True)
class JobSurvey:
    """One run by workers."""

    id: int
    report: str
    workspace: str
    host: str
    started_at: str
    closed: bool
    parts: tuple[Progression, ...]
    failures: tuple[str, ...]

    def count(self, *states: str) -> int:
        """How many units are in these states."""
        return sum(part.counts.get(state, 0) for part in self.parts for state in states)


@dataclass(frozen=True)
class Survey:
    """What runs where."""

    now: float
    jobs: tuple[JobSurvey, ...]
    workers: tuple[Worker, ...]

    @property
    def working(self) -> int:
        """How many workers are there."""
        return sum(1 for worker in self.workers if not worker.ended and self.now - worker.seen < MISSING)

    @property
    def left(self) -> int:
        """How many units are neither done nor failed."""
        return sum(job.count(BLOCKED, READY, RUNNING) for job in self.jobs)

    @property
    def seconds_left(self) -> float | None:
        """How long the rest takes the workers that are there; None where that is not known: of some kind none is done yet."""
        if not self.working:
            return None
        total = 0.0
        for part in (part for job in self.jobs for part in job.parts):
            open_units = sum(part.counts.get(state, 0) for state in (BLOCKED, READY, RUNNING))
            if open_units and part.seconds is None:
                return None
            total += open_units * (part.seconds or 0.0)
        return total / self.working


def survey(store: Store) -> Survey:
    """The runs by workers that have not ended, the last one that has, and the workers of late."""

    def read(session: OrmSession) -> tuple[float, list[JobSurvey]]:
        if not inspect(session.connection()).has_table(JobRow.__tablename__):
            return 0.0, []
        going_on = list(session.scalars(select(JobRow).where(JobRow.closed.is_(False)).order_by(JobRow.id)))
        last = session.scalars(select(JobRow).order_by(JobRow.id.desc()).limit(1)).first()
        rows = going_on or ([last] if last is not None else [])
        return clock(session), [_job(session, row) for row in rows]

    now, jobs = store.transact(read, writing=False)
    return Survey(now, tuple(jobs), tuple(staff(store, now - _RECENT)) if now else ())


def _job(session: OrmSession, row: JobRow) -> JobSurvey:
    columns: Any = (TaskRow.kind, TaskRow.method, TaskRow.metric, TaskRow.state)
    grouped: Any = select(*columns, func.count(), func.sum(TaskRow.seconds)).where(TaskRow.job == row.id).group_by(*columns)
    counts: dict[tuple[str, str], dict[str, int]] = {}
    seconds: dict[tuple[str, str], float] = {}
    for kind, method, metric, state, count, spent in session.execute(grouped):
        what = (kind, metric if kind == "score" else method)
        counts.setdefault(what, {})
        counts[what][state] = counts[what].get(state, 0) + count
        if state == DONE:
            seconds[what] = seconds.get(what, 0.0) + (spent or 0.0)
    parts = [
        Progression(*what, states, seconds[what] / states[DONE] if states.get(DONE) else None) for what, states in counts.items()
    ]
    order = ("pair", "restore", "score")
    failed = (
        select(TaskRow.error)
        .where(TaskRow.job == row.id, TaskRow.state == FAILED, TaskRow.error != "")
        .order_by(TaskRow.position)
    )
    return JobSurvey(
        row.id,
        row.report,
        row.workspace,
        row.host,
        row.started_at,
        row.closed,
        tuple(sorted(parts, key=lambda part: (order.index(part.kind), part.what))),
        _distinct(session.scalars(failed).all()),
    )


def _distinct(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(lines))
