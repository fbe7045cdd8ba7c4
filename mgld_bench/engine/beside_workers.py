"""Keeps work in one process out of a workspace in which workers are doing units."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.clock import clock
from mgld_bench.engine.place import place_of
from mgld_bench.engine.schema.tables import TaskRow
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError


def refuse_beside_workers(workspace: Path, store: Store) -> None:
    """Raise InputError where workers hold units of this workspace: two that make the same files would be in each other's way."""
    place = place_of(workspace)
    if not place:
        return

    def held(session: OrmSession) -> list[str]:
        if not inspect(session.connection()).has_table(TaskRow.__tablename__):
            return []
        leased = (TaskRow.place == place, TaskRow.state == "running", TaskRow.lease > clock(session))
        return list(session.scalars(select(TaskRow.worker).where(*leased).distinct()))

    workers = store.transact(held, writing=False)
    if workers:
        raise InputError(
            f"{workspace}: {len(workers)} workers are doing units of this workspace; wait for them (mgld-bench status), or "
            "share the work with them: mgld-bench run with --executor"
        )
