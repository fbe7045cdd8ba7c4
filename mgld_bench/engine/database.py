"""Opening the results database: settings of SQLite and PostgreSQL, how transactions begin, and the form of the tables."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
from sqlalchemy.pool import ConnectionPoolEntry

from mgld_bench.engine.credentials import shown, without_credentials
from mgld_bench.engine.schema.tables import Table
from mgld_bench.engine.schema.upgrade import is_current, refuse_newer, upgrade
from mgld_bench.errors import InputError
from mgld_bench.home import expanded

_BEGIN: Final = "mgld_bench_begin"
"""The execution option of a connection that says how its transactions begin."""
_PATIENCE: Final = 60.0
"""Seconds for which SQLite waits for another process that writes, or reads while this one writes."""
_UPGRADE_LOCK: Final = 0x6D676C64
"""PostgreSQL's advisory lock of whoever makes or changes the tables."""
_SETTINGS: Final[dict[str, dict[str, Any]]] = {
    "sqlite": {"timeout": _PATIENCE},
    # A server that is gone without a word is noticed within a minute.
    "postgresql": {
        "connect_timeout": 10,
        "application_name": "mgld-bench",
        "keepalives_idle": 20,
        "keepalives_interval": 10,
        "keepalives_count": 4,
    },
}


def open_database(url: str | URL, read_only: bool) -> Engine:
    """The database at this URL. Raises InputError where the URL is none, or names a file that is not there or cannot be made."""
    try:
        address = _with_driver(make_url(url))
        backend = address.get_backend_name()
        if backend == "sqlite" and address.database and address.database != ":memory:":
            file = expanded(Path(address.database))
            if address.database.startswith("~"):
                address = address.set(database=str(file))
            if read_only and not file.exists():
                raise InputError(
                    f"--store {shown(url)}: there is no such file; name the database of a run, e.g. workspace/results.sqlite"
                )
            file.parent.mkdir(parents=True, exist_ok=True)
        # A connection that was lost while nobody used it is replaced before it is used again.
        engine = create_engine(address, connect_args=_SETTINGS.get(backend, {}), pool_pre_ping=backend != "sqlite")
    except ModuleNotFoundError as error:
        fix = "; install it with: pip install 'mgld-bench[postgres]'" if error.name == "psycopg" else ""
        raise InputError(f"--store {shown(url)}: this database needs the package {error.name}{fix}") from error
    except (ArgumentError, NoSuchModuleError) as error:
        reason = without_credentials(str(error))
        raise InputError(
            f"--store {shown(url)}: not a usable database URL: {reason}; e.g. sqlite:///results.sqlite, postgresql://user@host/name"
        ) from error
    except OSError as error:
        raise InputError(f"results database {shown(url)}: cannot be written: {error.strerror}") from error
    if backend == "sqlite":
        event.listen(engine, "connect", _read_only if read_only else _durable)
        event.listen(engine, "begin", _begin)
    elif read_only and backend == "postgresql":
        event.listen(engine, "connect", _read_only_postgresql)
    return engine


def insert_of(engine: Engine) -> Callable[[type[Table]], Any]:
    """The INSERT of this database, which may say what happens to rows that are there already."""
    # Each where it is used: PostgreSQL's dialect takes as long to load as all of SQLite's.
    if engine.dialect.name == "postgresql":
        from sqlalchemy.dialects import postgresql

        return postgresql.insert
    from sqlalchemy.dialects import sqlite

    return sqlite.insert


def _with_driver(address: URL) -> URL:
    """The address with the driver that the extra brings, where none is named; ``postgres://`` is what some hosts print."""
    return address.set(drivername="postgresql+psycopg") if address.drivername in {"postgresql", "postgres"} else address


def _durable(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    _settings(connection, "synchronous = FULL", "foreign_keys = ON")


def _read_only(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    _settings(connection, "query_only = ON")


def _read_only_postgresql(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    connection.read_only = True


def _settings(connection: DBAPIConnection, *pragmas: str) -> None:
    # Python's module would begin a transaction only before the first row that is written: see _begin.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in pragmas:
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin(connection: Connection) -> None:
    """Begin a transaction of SQLite; one that will write takes its place among the writers at once, which prevents deadlocks."""
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN, "BEGIN"))


def settle_schema(engine: Engine, read_only: bool) -> None:
    """Bring the tables of a database that will be written to their newest form; reading changes nothing.

    Raises:
        InputError: a later release has written it.
    """
    if engine.dialect.name == "sqlite" and engine.url.database in (None, "", ":memory:"):
        Table.metadata.create_all(engine)
        return
    with engine.connect() as connection:
        refuse_newer(connection, shown_address(engine))
        if read_only or is_current(connection):
            return
    with writer(engine).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _UPGRADE_LOCK})
        # Another process may have done it by now.
        if not is_current(connection):
            upgrade(connection)


def writer(engine: Engine) -> Engine:
    """The same database, for transactions that will write."""
    return engine.execution_options(**{_BEGIN: "BEGIN IMMEDIATE"})


def reader(engine: Engine) -> Engine:
    """The same database, for transactions whose queries all see it as it was at one moment: SQLite has no others."""
    return engine.execution_options(isolation_level="REPEATABLE READ") if engine.dialect.name == "postgresql" else engine


def shown_address(engine: Engine) -> str:
    """Where a database is, for people: the file of SQLite, or the address without its password."""
    url = engine.url
    return str(url.database) if url.get_backend_name() == "sqlite" else shown(url)
