"""The one clock by which leases run out: that of the database, whatever the clocks of machines show."""

from __future__ import annotations

import time

from sqlalchemy import extract, func, select
from sqlalchemy.orm import Session as OrmSession


def clock(session: OrmSession) -> float:
    """Seconds since 1970 by the database's clock; for SQLite, which has none, by that of its one machine."""
    if session.connection().dialect.name == "sqlite":
        return time.time()
    return float(session.execute(select(extract("epoch", func.clock_timestamp()))).scalar_one())
