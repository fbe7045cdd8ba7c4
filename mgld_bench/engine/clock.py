"""The one clock by which leases run out: that of the database, whatever the clocks of machines show."""

from __future__ import annotations

import time
from typing import Final

from sqlalchemy import ColumnElement, Double, cast, extract, func, select
from sqlalchemy.orm import Session as OrmSession


def clock(session: OrmSession) -> float:
    """Seconds since 1970 by the database's clock; for SQLite, which has none, by that of its one machine."""
    now = moment(session)
    return now if isinstance(now, float) else float(session.execute(select(now)).scalar_one())


def moment(session: OrmSession) -> float | ColumnElement[float]:
    """What `clock` gives, for use within a statement: a server need not be asked for it first."""
    return time.time() if session.connection().dialect.name == "sqlite" else _SERVER


_SERVER: Final[ColumnElement[float]] = cast(extract("epoch", func.clock_timestamp()), Double)
