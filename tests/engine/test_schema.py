"""The results database has a version: earlier ones are brought to the newest, later ones refused; reading changes nothing."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine

from mgld_bench.engine import schema
from mgld_bench.engine.schema.tables import Table
from mgld_bench.engine.schema.upgrade import VERSION
from mgld_bench.engine.store import open_store
from mgld_bench.errors import InputError
from mgld_bench.nightly.history import nights
from tests.helpers.run_state import database

HERE = Path(__file__).parent
UNVERSIONED = HERE / "yesterday/workspace/results.sqlite"
"""Of release 0.1.0, which knew no versions."""
VERSIONED = sorted((HERE / "stores").glob("*.sqlite"))
"""One database of each version, by the code of that time, with a run, a unit, scores and what else it could hold."""


def version(workspace: Path) -> str:
    with closing(sqlite3.connect(workspace / "results.sqlite")) as connection, connection:
        return str(connection.execute("SELECT version_num FROM alembic_version").fetchone()[0])


@pytest.mark.parametrize("kept", [UNVERSIONED, *VERSIONED], ids=lambda path: path.stem)
def test_a_database_of_every_version_opens_and_keeps_what_it_holds(kept: Path, tmp_path: Path) -> None:
    shutil.copy(kept, tmp_path / "results.sqlite")
    before = database(tmp_path)
    assert before["units"]
    assert before["frame_scores"]
    open_store("", tmp_path, create=True).close()
    assert database(tmp_path) == before
    assert version(tmp_path) == VERSION
    with open_store("", tmp_path, create=True) as store:
        run = store.begin_run("more", {})
        assert store.runs([run])[run].report == "more"


def test_the_history_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    shutil.copy(HERE / "stores/0002.sqlite", tmp_path / "results.sqlite")
    with open_store("", tmp_path, create=True) as store:
        (night,) = nights(store)
    assert (night.suite, night.verdict, night.units, night.run) == ("small", "accepted", ("b2",), 1)


def test_there_is_a_database_of_each_version() -> None:
    assert [path.stem for path in VERSIONED] == [each.revision for each in reversed([*scripts().walk_revisions()])]


def test_reading_leaves_an_earlier_database_as_it_is(tmp_path: Path) -> None:
    shutil.copy(UNVERSIONED, tmp_path / "results.sqlite")
    before = (tmp_path / "results.sqlite").read_bytes()
    with open_store("", tmp_path, create=False) as store:
        assert store.scored()
    assert (tmp_path / "results.sqlite").read_bytes() == before


@pytest.mark.parametrize("create", [True, False])
def test_a_database_of_a_later_release_is_refused_in_one_line(create: bool, tmp_path: Path) -> None:
    open_store("", tmp_path, create=True).close()
    with closing(sqlite3.connect(tmp_path / "results.sqlite")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(InputError, match=r"results\.sqlite: a later release .* form is 9999") as refused:
        open_store("", tmp_path, create=create)
    assert "\n" not in str(refused.value)


def test_migrations_lead_to_the_tables_that_the_code_uses(tmp_path: Path) -> None:
    open_store("", tmp_path, create=True).close()
    engine = create_engine(f"sqlite:///{tmp_path / 'results.sqlite'}")
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []
    engine.dispose()


def test_the_version_is_that_of_the_last_migration() -> None:
    assert scripts().get_current_head() == VERSION


def test_a_database_that_has_its_version_opens_without_alembic(tmp_path: Path) -> None:
    open_store("", tmp_path, create=True).close()
    program = f"""
import sys
from pathlib import Path
from mgld_bench.engine.store import open_store
open_store("", Path({str(tmp_path)!r}), create=True).close()
assert "alembic" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


def scripts() -> ScriptDirectory:
    return ScriptDirectory(str(Path(str(schema.__file__)).parent))
