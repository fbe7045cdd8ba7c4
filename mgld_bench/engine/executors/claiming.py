"""How a worker's next units are found and taken: in one statement on PostgreSQL, where every statement is a message to a server.

There, rows that another transaction has locked are skipped (``FOR UPDATE SKIP LOCKED``), so workers do not wait for each other;
on SQLite every transaction that writes takes its turn. An index leads to the first unit at once, however many there are.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any, Final, cast

from sqlalchemy import Table, select, tuple_, update
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.clock import moment
from mgld_bench.engine.schema.tables import TaskRow

BLOCKED, READY, RUNNING, DONE, FAILED = "blocked", "ready", "running", "done", "failed"
"""The states of a unit in the queue."""
_QUEUE: Final = cast("Table", TaskRow.__table__)
_C: Final = _QUEUE.c
_ID: Final = (_C.place, _C.key)
_WHAT: Final = (_C.place, _C.kind, _C.dataset, _C.clip, _C.method, _C.key)


@dataclass(frozen=True)
class Claim:
    """Units that one worker does together: a pair, a restored clip, or scores of one clip."""

    job: int
    place: str
    kind: str
    dataset: str
    clip: str
    method: str
    keys: tuple[str, ...]
    worker: str
    token: str

    @property
    def text(self) -> str:
        """For people: "restore mgld-vsr reds4 000", "score reds4 000 (12)"."""
        count = f" ({len(self.keys)})" if self.kind == "score" else ""
        return " ".join(part for part in (self.kind, self.method, self.dataset, self.clip) if part) + count


def take_first(session: OrmSession, worker: str, job: int, device: str, lease: float) -> Claim | None:
    """Take the first ready unit of a job that needs ``device``, of a clip's scores all that are ready; None: there is none."""
    now: Any = moment(session)
    token = secrets.token_hex(8)
    values = {"state": RUNNING, "worker": worker, "token": token, "lease": now + lease, "started": now, "changed": now}
    ready = (_C.job == job, _C.state == READY, _C.device == device)
    first: Any = select(*_ID).where(*ready).order_by(_C.position).limit(1).with_for_update(skip_locked=True)
    found = session.execute(_take(session, first, values).returning(*_WHAT)).first()
    if found is None:
        return None
    place, kind, dataset, clip, method, key = found
    keys = [key]
    if kind == "score":
        method = ""
        of_clip = (_C.place == place, _C.kind == kind, _C.dataset == dataset, _C.clip == clip)
        same: Any = select(*_ID).where(*ready, *of_clip)
        taken = _take(session, same.with_for_update(skip_locked=True), values)
        rest = session.execute(taken.returning(_C.key, _C.position)).all()
        keys += [row.key for row in sorted(rest, key=lambda row: row.position)]
    return Claim(job, place, kind, dataset, clip, method, tuple(keys), worker, token)


def _take(session: OrmSession, chosen: Any, values: dict[str, Any]) -> Any:  # noqa: ANN401 - SQLAlchemy's types of two releases differ
    if session.connection().dialect.name == "sqlite":
        return update(_QUEUE).where(tuple_(*_ID).in_(chosen)).values(values)
    # Not as a subquery, which a plan may evaluate more than once, each time with different rows.
    locked = chosen.cte("chosen")
    return update(_QUEUE).where(_C.place == locked.c.place, _C.key == locked.c.key).values(values)
