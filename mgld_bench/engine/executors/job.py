"""A run whose units workers take, as it is entered in the store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect, select, update

from mgld_bench.engine.address import workspace_folder, workspace_name
from mgld_bench.engine.clock import clock
from mgld_bench.engine.request import SuiteRequest
from mgld_bench.engine.schema.tables import JobRow
from mgld_bench.engine.store import Store

if TYPE_CHECKING:
    from sqlalchemy.orm import Session as OrmSession


@dataclass(frozen=True)
class Job:
    """A run whose units workers take."""

    id: int
    place: str
    workspace: Path
    host: str
    machine: str
    report: str
    request: SuiteRequest
    command: str
    versions: Mapping[str, str]
    seen: float
    closed: bool


def add_job(store: Store, job: Job) -> Job:
    """Enter a job into the store; returns it with its number."""

    def add(session: OrmSession) -> Job:
        row = JobRow(
            place=job.place,
            workspace=workspace_name(job.workspace),
            host=job.host,
            machine=job.machine,
            report=job.report,
            request=job.request.model_dump(mode="json"),
            command=job.command,
            versions=dict(job.versions),
            started_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
            seen=clock(session),
            closed=False,
        )
        session.add(row)
        session.flush()
        session.refresh(row)
        return _job(row)

    return store.transact(add)


def open_jobs(store: Store) -> list[Job]:
    """The jobs whose run has not ended, the earliest first; none in a store of before there were any."""

    def read(session: OrmSession) -> list[Job]:
        if not inspect(session.connection()).has_table(JobRow.__tablename__):
            return []
        return [_job(row) for row in session.scalars(select(JobRow).where(JobRow.closed.is_(False)).order_by(JobRow.id))]

    return store.transact(read, writing=False)


def keep_alive(store: Store, job: int) -> None:
    """Record that the run of a job is still there."""
    store.transact(lambda session: session.execute(update(JobRow).where(JobRow.id == job).values(seen=clock(session))))


def close_job(store: Store, job: int) -> None:
    """Record that the run of a job has ended."""
    store.transact(lambda session: session.execute(update(JobRow).where(JobRow.id == job).values(closed=True)))


def _job(row: JobRow) -> Job:
    request: dict[str, Any] = row.request
    return Job(
        row.id,
        row.place,
        workspace_folder(row.workspace),
        row.host,
        row.machine,
        row.report,
        SuiteRequest.model_validate(request),
        row.command,
        row.versions,
        row.seen,
        row.closed,
    )
