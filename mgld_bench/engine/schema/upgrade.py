"""The version of a results database, and bringing it to the one that this release writes. Alembic runs the migrations."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect, text

from mgld_bench.errors import InputError

VERSION: Final = "0004"
"""The newest of `versions`: here as well, so that a database that has it is opened without importing Alembic."""
_FOLDER: Final = Path(__file__).parent


def version_of(connection: Connection) -> str:
    """The version of a database; "" for one from before there were versions, and for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return ""
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar() or ""


def is_current(connection: Connection) -> bool:
    """Whether a database has the form that this release writes."""
    return version_of(connection) == VERSION


def refuse_newer(connection: Connection, shown: str) -> None:
    """Raise InputError where a database was written by a later release; ``shown`` names it."""
    found = version_of(connection)
    if found > VERSION:
        raise InputError(
            f"{shown}: a later release of mgld-bench has written this results database (its form is {found}; this release knows "
            f"forms up to {VERSION}): use that release, or another --workspace or --store"
        )


def upgrade(connection: Connection) -> None:
    """Run the migrations that a database lacks, inside the connection's transaction: all of them or none."""
    # Imported here: it takes 0.3 s, and a database is upgraded once.
    from alembic.config import Config
    from alembic.runtime.environment import EnvironmentContext
    from alembic.script import ScriptDirectory

    scripts = ScriptDirectory(str(_FOLDER))
    with EnvironmentContext(Config(), scripts, fn=lambda now, _: scripts._upgrade_revs("head", now)) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
