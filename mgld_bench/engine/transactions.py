"""Transactions of the results database, which survive that the connection to it is lost for a while."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, TypeVar

from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.database import reader, shown_address, writer
from mgld_bench.engine.database_errors import database_errors, reason
from mgld_bench.errors import InputError
from mgld_bench.signals import interrupt_held_back

Result = TypeVar("Result")

ATTEMPTS: Final = 12
"""How often a transaction is tried: for about a minute, in which a server restarts."""
LONGEST_PAUSE: Final = 8.0
"""Seconds between two attempts; the first pauses are shorter."""
_COLLIDED: Final = ("40001", "40P01")
"""SQLSTATE of transactions that PostgreSQL ended in favour of others: a serialization failure, a deadlock."""
_GONE: Final = ("57P01", "57P02", "57P03")
"""SQLSTATE of a server that shuts down, has crashed, or is starting up; all of class 08 are about the connection."""


class Transactions:
    """The transactions of one database: each is kept as a whole or not at all, even on Ctrl-C."""

    def __init__(self, engine: Engine, log: Callable[[str], None]) -> None:
        """``log``: called with a line where the connection is lost, and where it is back."""
        self._engine = engine
        self.log = log

    def write(self, work: Callable[[OrmSession], Result]) -> Result:
        """Do ``work`` in a transaction and keep it; it is done anew where the connection is lost, kept before or not.

        Raises:
            InputError: the database cannot be used, or the connection was lost and is not back after ``ATTEMPTS``.
        """
        with database_errors(self._shown):
            return self._repeated(writer(self._engine), work)

    def read(self, work: Callable[[OrmSession], Result]) -> Result:
        """Do ``work``, which only reads; all its queries see the database as it was at one moment. Raises like `write`."""
        with database_errors(self._shown):
            return self._repeated(reader(self._engine), work)

    @contextmanager
    def block(self, writing: bool) -> Iterator[OrmSession]:
        """A transaction as a ``with`` block, which cannot be done anew: the connection is made sure of before it begins."""
        if self._engine.dialect.name != "sqlite":
            self.read(lambda session: session.connection())
        engine = (writer if writing else reader)(self._engine)
        with interrupt_held_back(), database_errors(self._shown), OrmSession(engine) as session, session.begin():
            yield session

    def _repeated(self, engine: Engine, work: Callable[[OrmSession], Result]) -> Result:
        lost = 0
        for attempt in range(1, ATTEMPTS + 1):
            try:
                # Not around the pauses, which Ctrl-C ends.
                with interrupt_held_back(), OrmSession(engine) as session, session.begin():
                    result = work(session)
            except DBAPIError as error:
                collided = _state(error) in _COLLIDED
                if attempt == ATTEMPTS or not (collided or _is_lost(error)):
                    if collided or _is_lost(error):
                        raise self._given_up(error) from error
                    raise
                pause = min(LONGEST_PAUSE, 0.25 * 2 ** (attempt - 1))
                if not collided:
                    lost += 1
                    self._engine.dispose()
                    self.log(
                        f"{self._shown}: connection lost ({reason(error)}); trying again in {pause:g} s ({attempt} of {ATTEMPTS})"
                    )
                time.sleep(pause)
            else:
                if lost:
                    self.log(f"{self._shown}: the connection is back; nothing was lost")
                return result
        raise AssertionError

    @property
    def _shown(self) -> str:
        return f"results database {shown_address(self._engine)}"

    def _given_up(self, error: DBAPIError) -> InputError:
        return InputError(
            f"{self._shown}: gave up after {ATTEMPTS} attempts: {reason(error)}; what was finished before is kept: run the same "
            "command again once the database is back"
        )


def _state(error: DBAPIError) -> str:
    return getattr(error.orig, "sqlstate", None) or ""


def _is_lost(error: DBAPIError) -> bool:
    """Whether an error is about the connection to a server; SQLite has none."""
    state = _state(error)
    if error.connection_invalidated or state in _GONE or state.startswith("08"):
        return True
    # A connection that cannot even be made has no state.
    return type(error.orig).__module__.startswith("psycopg") and type(error.orig).__name__ == "OperationalError" and not state
