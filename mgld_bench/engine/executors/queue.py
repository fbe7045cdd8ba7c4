"""The queue: units that workers claim under a lease, each by one worker at a time, in the order of the plan.

How they are found and taken is in `claiming`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, Final, cast

from sqlalchemy import ColumnElement, Table, bindparam, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.clock import clock, moment
from mgld_bench.engine.executors.claiming import BLOCKED, DONE, FAILED, READY, RUNNING, Claim, take_first
from mgld_bench.engine.executors.staff import seen_with
from mgld_bench.engine.plan import Unit
from mgld_bench.engine.schema.tables import JobRow, TaskRow
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.metrics.metric import ClipScore

LEASE: Final = 60.0
"""Seconds after which a unit is given to somebody else, unless its worker has renewed its lease."""
MOST_LOSSES: Final = 25
"""A unit that has cost so many workers their lives fails."""
_BACK: Final = 1_000_000
"""What is added to the position of a unit whose worker was lost: everything else is done first, in case it kills them."""
_OPEN: Final = (BLOCKED, READY, RUNNING)
_QUEUE: Final = cast("Table", TaskRow.__table__)
_C: Final = _QUEUE.c
"""Statements about the table cost half of those about its class; no objects are needed here."""
_OVERLAP: Final = 10.0
"""Seconds within which a transaction that has begun is kept."""


@dataclass(frozen=True)
class Task:
    """A unit as it is to be put into the queue."""

    unit: Unit
    position: int
    needs: str
    """The key of the unit that has to be done first; "" for none."""
    device: str
    """The kind of device that it needs; "" where any worker can do it."""


@dataclass(frozen=True)
class TaskState:
    """How far a unit of the queue is."""

    key: str
    state: str
    error: str
    changed: float


class Queue:
    """The queue of a store."""

    def __init__(self, store: Store, lease: float = LEASE) -> None:
        self._store = store
        self._lease = lease

    def now(self) -> float:
        """The database's clock."""
        return self._store.transact(clock, writing=False)

    def publish(self, job: int, place: str, tasks: Sequence[Task], since: float) -> None:
        """Put units into the queue.

        What is in it already is taken over, but for units that are running, and for those that were done after ``since``, when it
        was looked up what is left to do.
        """
        insert: Any = insert_sqlite if self._store.on_this_machine_only else insert_postgresql
        own = {task.unit.key for task in tasks}

        def publish(session: OrmSession) -> None:
            now = clock(session)
            rows = [_row(job, place, task, BLOCKED if task.needs in own else READY, now) for task in tasks]
            new = insert(TaskRow)
            taken_over = ("job", "position", "needs", "device", "state", "losses", "changed", "error")
            kept = new.on_conflict_do_update(
                index_elements=["place", "key"],
                set_={name: new.excluded[name] for name in taken_over},
                where=~((TaskRow.state == RUNNING) | ((TaskRow.state == DONE) & (TaskRow.changed > since))),
            )
            if rows:
                session.connection().execute(kept, rows)
            if not self._store.on_this_machine_only:
                # Without it, a server does not know yet how many units this workspace has, and may read all of them for each.
                session.execute(text(f"ANALYZE {_QUEUE.name}"))
            self._unblock(session, place)

        self._store.transact(publish)

    def claim(self, worker: str, jobs: Iterable[int], devices: Sequence[str]) -> Claim | None:
        """Take the first of the earliest of these jobs, of what needs the first of ``devices``, then of the next; None: nothing.

        Of a clip's scores, all that are ready are taken, so that what they share is computed once.
        """
        wanted = sorted(set(jobs))

        def claim(session: OrmSession) -> Claim | None:
            for device, job in product(devices, wanted):
                taken = take_first(session, worker, job, device, self._lease)
                if taken is not None:
                    seen_with(session, worker, taken.text)
                    return taken
            return None

        return self._store.transact(claim)

    def renew(self, claim: Claim) -> bool:
        """Extend a lease; False where the claim's units belong to somebody else by now."""

        def renew(session: OrmSession) -> bool:
            longer = update(_QUEUE).where(_held(claim)).values(lease=moment(session) + self._lease)
            return bool(session.execute(longer.returning(TaskRow.key)).first())

        return self._store.transact(renew)

    def finish(
        self, claim: Claim, run: int, units: Iterable[tuple[FinishedUnit, ClipScore | None]], failed: Mapping[str, str]
    ) -> bool:
        """Keep what a claim has come to, in one transaction; False, and nothing is kept, where its lease was lost.

        Args:
            claim: what was claimed.
            run: the run under which finished units are kept.
            units: those that are finished, with the scores of score units.
            failed: by key, why units have failed; those that need them fail too.
        """
        rows = list(units)

        def finish(session: OrmSession) -> bool:
            held = select(_C.key).where(_held(claim)).order_by(_C.key).with_for_update()
            mine = set(session.scalars(held))
            if mine != set(claim.keys):
                return False
            now = moment(session)
            self._store.add_in(session, run, rows)
            if rows:
                done = _task(claim.place, bindparam("of")).values(state=DONE, changed=now, error="", seconds=bindparam("took"))
                session.connection().execute(done, [{"of": unit.key, "took": unit.seconds} for unit, _ in rows])
            for key, why in failed.items():
                session.execute(_task(claim.place, key).values(state=FAILED, changed=now, error=why))
            self._settle(session, claim.place, [unit.key for unit, _ in rows], list(failed), now)
            seen_with(session, claim.worker, "")
            return True

        return self._store.transact(finish)

    def give_back(self, claim: Claim) -> None:
        """Put a claim's units back, as if they had not been taken."""

        def back(session: OrmSession) -> None:
            session.execute(update(_QUEUE).where(_held(claim)).values(state=READY, worker="", token="", changed=clock(session)))

        self._store.transact(back)

    def release(self, worker: str) -> None:
        """Put back what a worker had claimed that is known to be dead."""
        self._store.transact(lambda session: self._lost(session, TaskRow.worker == worker))

    def reap(self) -> None:
        """Put back what was claimed by workers that have not renewed their leases."""

        def reap(session: OrmSession) -> None:
            expired = TaskRow.lease < clock(session)
            # Looked for first: on SQLite, nothing is written where there is nothing to do.
            if session.scalar(select(TaskRow.key).where(TaskRow.state == RUNNING, expired).limit(1)) is not None:
                self._lost(session, expired)

        self._store.transact(reap)

    def withdraw(self, job: int) -> None:
        """Take out what nobody has begun of a job whose run ends."""
        self._store.transact(
            lambda session: session.execute(delete(TaskRow).where(TaskRow.job == job, TaskRow.state.in_((BLOCKED, READY))))
        )

    def changes(self, place: str, since: float) -> Iterator[list[TaskState]]:
        """At each step, what has changed since the last one, in the order in which it did; without end."""
        columns = select(TaskRow.key, TaskRow.state, TaskRow.error, TaskRow.changed).where(TaskRow.place == place)
        seen: dict[str, tuple[str, float]] = {}
        while True:
            # With an overlap: a transaction that began earlier may be kept later.
            chosen = columns.where(TaskRow.changed > since - _OVERLAP).order_by(TaskRow.changed)
            rows = self._store.transact(lambda session, chosen=chosen: session.execute(chosen).all(), writing=False)  # type: ignore[misc]
            new = [TaskState(*row) for row in rows if seen.get(row[0]) != (row[1], row[3])]
            seen |= {one.key: (one.state, one.changed) for one in new}
            since = max((one.changed for one in new), default=since)
            yield new

    def known(self, place: str) -> set[str]:
        """The keys of all that is in the queue of a workspace, but for what ended runs have left: nobody takes that."""
        left = TaskRow.state.in_((BLOCKED, READY)) & JobRow.closed
        chosen = select(TaskRow.key).join(JobRow, TaskRow.job == JobRow.id).where(TaskRow.place == place, ~left)
        return self._store.transact(lambda session: set(session.scalars(chosen)), writing=False)

    def any_open(self, jobs: Iterable[int]) -> bool:
        """Whether anything of these jobs is not done and has not failed."""
        chosen = select(TaskRow.key).where(TaskRow.job.in_(sorted(set(jobs))), TaskRow.state.in_(_OPEN)).limit(1)
        return self._store.transact(lambda session: session.scalar(chosen) is not None, writing=False)

    def _lost(self, session: OrmSession, whose: ColumnElement[bool]) -> None:
        """Put back running units of a worker that was lost; those that were lost too often fail."""
        now = clock(session)
        rows = session.execute(
            select(TaskRow.place, TaskRow.key, TaskRow.losses)
            .where(TaskRow.state == RUNNING, whose)
            .order_by(TaskRow.place, TaskRow.key)
            .with_for_update(skip_locked=True)
        ).all()
        for place, key, losses in rows:
            values: dict[str, Any] = {"losses": losses + 1, "changed": now, "token": ""}
            if losses + 1 < MOST_LOSSES:
                later = _C.position + _BACK
                session.execute(_task(place, key).values(state=READY, worker="", position=later, **values))
                continue
            why = f"{MOST_LOSSES} workers were lost while they did it (killed for lack of memory?)"
            session.execute(_task(place, key).values(state=FAILED, error=why, **values))
            self._settle(session, place, [], [key], now)

    def _settle(
        self, session: OrmSession, place: str, done: Sequence[str], failed: Sequence[str], now: float | ColumnElement[float]
    ) -> None:
        """Make ready what waited for units that are done now, and let fail what waited for those that have failed."""
        waiting = (TaskRow.place == place, TaskRow.state == BLOCKED)
        if done:
            session.execute(update(_QUEUE).where(*waiting, TaskRow.needs.in_(done)).values(state=READY, changed=now))
        while failed:
            prevented = update(_QUEUE).where(*waiting, TaskRow.needs.in_(failed))
            # Without a reason of its own: that of what it needs is reported once.
            failed = list(session.scalars(prevented.values(state=FAILED, error="", changed=now).returning(TaskRow.key)))

    def unblock(self, place: str) -> None:
        """Make ready what waits for units that were done while it was put into the queue."""
        self._store.transact(lambda session: self._unblock(session, place))

    def _unblock(self, session: OrmSession, place: str) -> None:
        for state in (DONE, FAILED):
            ended = select(TaskRow.key).where(TaskRow.place == place, TaskRow.state == state)
            chosen = select(TaskRow.needs).where(TaskRow.place == place, TaskRow.state == BLOCKED, TaskRow.needs.in_(ended))
            keys = list(session.scalars(chosen.distinct()))
            if keys:
                now = clock(session)
                self._settle(session, place, keys if state == DONE else [], keys if state == FAILED else [], now)


def _held(claim: Claim) -> ColumnElement[bool]:
    mine = (_C.place == claim.place) & (_C.state == RUNNING) & (_C.token == claim.token)
    return mine & _C.key.in_(claim.keys)


def _task(place: str, key: Any) -> Any:  # noqa: ANN401 - SQLAlchemy's type of an update of two releases differs
    return update(_QUEUE).where(_C.place == place, _C.key == key)


def _row(job: int, place: str, task: Task, state: str, now: float) -> dict[str, Any]:
    unit = task.unit
    return {
        "place": place,
        "key": unit.key,
        "job": job,
        "kind": unit.kind,
        "dataset": unit.dataset,
        "clip": unit.clip,
        "method": unit.method,
        "metric": unit.metric,
        "frames": unit.frames,
        "position": task.position,
        "device": task.device,
        "needs": task.needs,
        "state": state,
        "worker": "",
        "token": "",
        "lease": 0.0,
        "started": 0.0,
        "seconds": 0.0,
        "losses": 0,
        "changed": now,
        "error": "",
    }
