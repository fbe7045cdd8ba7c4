"""The workers of a store: who they are, when they were last there, what they do and have to report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, cast

from sqlalchemy import Table, delete, select, update
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.clock import clock, moment
from mgld_bench.engine.schema.tables import WorkerRow
from mgld_bench.engine.store import Store

KEPT: float = 24 * 3600.0
"""Seconds for which a worker that has ended, or is not seen any more, is remembered."""
_STAFF: Final = cast("Table", WorkerRow.__table__)


@dataclass(frozen=True)
class Worker:
    """One process that takes units."""

    id: str
    host: str
    machine: str
    pid: int
    device: str
    executor: str
    started: float
    seen: float
    doing: str
    notes: tuple[str, ...]
    ended: str


def sign_on(store: Store, worker: Worker) -> None:
    """Record that a worker has begun; ``started`` and ``seen`` are those of the database's clock."""

    def sign_on(session: OrmSession) -> None:
        now = clock(session)
        session.execute(delete(WorkerRow).where((WorkerRow.seen < now - KEPT) | (WorkerRow.id == worker.id)))
        session.add(WorkerRow(**{**vars(worker), "notes": list(worker.notes), "started": now, "seen": now}))

    store.transact(sign_on)


def report_in(store: Store, worker: str, doing: str) -> None:
    """Record that a worker is there, and what it does."""
    store.transact(lambda session: seen_with(session, worker, doing))


def seen_with(session: OrmSession, worker: str, doing: str) -> None:
    """See `report_in`; in a transaction that does more."""
    session.execute(update(_STAFF).where(_STAFF.c.id == worker).values(seen=moment(session), doing=doing))


def note(store: Store, worker: str, lines: Sequence[str]) -> None:
    """Add what a worker has to report."""

    def add(session: OrmSession) -> None:
        row = session.get_one(WorkerRow, worker)
        row.notes = list(dict.fromkeys([*row.notes, *lines]))

    store.transact(add)


def sign_off(store: Store, worker: str, why: str) -> None:
    """Record that a worker has ended."""
    store.transact(
        lambda session: session.execute(
            update(WorkerRow).where(WorkerRow.id == worker).values(seen=clock(session), doing="", ended=why)
        )
    )


def staff(store: Store, since: float) -> list[Worker]:
    """The workers that were seen after ``since``, in the order in which they began."""
    chosen = select(WorkerRow).where(WorkerRow.seen > since).order_by(WorkerRow.started, WorkerRow.id)
    return store.transact(lambda session: [_worker(row) for row in session.scalars(chosen)], writing=False)


def _worker(row: WorkerRow) -> Worker:
    return Worker(
        row.id,
        row.host,
        row.machine,
        row.pid,
        row.device,
        row.executor,
        row.started,
        row.seen,
        row.doing,
        tuple(row.notes),
        row.ended,
    )
