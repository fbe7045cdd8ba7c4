"""What a server adds to the store: several writers, connections that are lost, passwords."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError

from mgld_bench.engine import transactions
from mgld_bench.engine.schema.tables import Table
from mgld_bench.engine.schema.upgrade import VERSION
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.nightly.history import nights
from tests.helpers.postgresql import PASSWORD, PostgreSQL


def unit(key: str) -> FinishedUnit:
    return FinishedUnit(key, "score", "reds4", "000", "bicubic", "psnr.rgb", "mgld-2024", frames=4, seconds=1.0)


def score(value: float = 30.0) -> ClipScore:
    return ClipScore("psnr.rgb", value, {0: value})


@pytest.fixture
def url(postgresql: PostgreSQL) -> str:
    return postgresql.create()


def test_migrations_lead_to_the_tables_that_the_code_uses(url: str) -> None:
    Store(url).close()
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_server_default": True})
        assert compare_metadata(context, Table.metadata) == []
        assert context.get_current_revision() == VERSION
    engine.dispose()


def test_many_that_open_a_new_database_at_once_make_its_tables_once(url: str) -> None:
    with ThreadPoolExecutor(6) as pool:
        stores = list(pool.map(lambda _: Store(url), range(6)))
    assert nights(stores[0]) == ()
    for store in stores:
        store.close()


def test_writers_of_the_same_units_keep_each_once_with_all_of_its_scores(url: str) -> None:
    keys = [f"k{number:02}" for number in range(40)]
    stores = [Store(url) for _ in range(4)]
    begin = threading.Barrier(4)

    def write(number: int) -> None:
        store, order = stores[number], keys if number % 2 else keys[::-1]
        run = store.begin_run(f"writer {number}", {})
        begin.wait()
        for place in range(0, len(order), 5):
            store.add(run, [(unit(key), score(float(number))) for key in order[place : place + 5]])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(4)))
    found, kept = stores[0].scores(keys), stores[0].units(keys)
    assert set(found) == set(kept) == set(keys)
    reports = {number: run.report for number, run in stores[0].runs(range(1, 5)).items()}
    assert all(reports[kept[key].run] == f"writer {found[key].value:.0f}" for key in keys)
    assert all(found[key].per_frame == {0: found[key].value} for key in keys)
    for store in stores:
        store.close()


def test_what_is_opened_to_be_read_cannot_be_written_to(url: str) -> None:
    with Store(url) as store:
        run = store.begin_run("table1", {})
    with Store(url, read_only=True) as reader:
        assert set(reader.runs([run])) == {run}
        with pytest.raises((DBAPIError, InputError), match="read-only"):
            reader.add(run, [(unit("a"), None)])


def test_a_connection_that_is_cut_is_made_again_and_said(postgresql: PostgreSQL, url: str) -> None:
    lines: list[str] = []
    with Store(url) as store:
        store.log_to(lines.append)
        run = store.begin_run("table1", {})

        def cut_in_the_middle(session: object) -> int:
            session.execute(Table.metadata.tables["runs"].select())  # type: ignore[attr-defined]
            if not lines:
                database = str(make_url(url).database)
                postgresql.run_sql(
                    "postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database}'"
                )
            session.execute(Table.metadata.tables["runs"].select())  # type: ignore[attr-defined]
            return 7

        assert store.transact(cut_in_the_middle) == 7
        store.add(run, [(unit("a"), score())])
        assert store.finished(["a"]) == {"a"}
    assert [line.split(": ", 1)[1][:15] for line in lines] == ["connection lost", "the connection "]
    assert PASSWORD not in "".join(lines)


def test_a_server_that_restarts_is_waited_for(postgresql: PostgreSQL) -> None:
    lines: list[str] = []
    with Store(postgresql.create()) as store:
        store.log_to(lines.append)
        run = store.begin_run("table1", {})
        postgresql.stop()
        back = threading.Timer(1.0, postgresql.start)
        back.start()
        store.add(run, [(unit("a"), score())])
        back.join()
        assert store.finished(["a"]) == {"a"}
    assert "connection lost" in lines[0]
    assert lines[-1].endswith("the connection is back; nothing was lost")


def test_a_server_that_stays_away_is_given_up_in_one_line(postgresql: PostgreSQL, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transactions, "ATTEMPTS", 3)
    with Store(postgresql.create()) as store:
        run = store.begin_run("table1", {})
        postgresql.stop()
        try:
            with pytest.raises(InputError, match=r"gave up after 3 attempts: .*run the same command again once") as error:
                store.add(run, [(unit("a"), score())])
            with pytest.raises(InputError, match="gave up"), store.transaction(writing=True):
                pass
        finally:
            postgresql.start()
        assert "\n" not in str(error.value)
        assert PASSWORD not in str(error.value)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": "wrong-secret"}, "password authentication failed"),
        ({"database": "none"}, "does not exist"),
        ({"port": 1}, "cannot be used: connection failed"),
    ],
)
def test_an_address_that_is_wrong_is_one_line_without_its_password(change: dict[str, str], said: str, url: str) -> None:
    address = make_url(url).set(**change)  # type: ignore[arg-type]
    with pytest.raises(InputError, match=said) as error:
        Store(address.render_as_string(hide_password=False))
    assert "\n" not in str(error.value)
    assert str(address.password) not in str(error.value)


def test_the_program_prints_no_password(url: str, tmp_path: Path) -> None:
    address = url.replace(PASSWORD, "wrong-secret") + "?sslpassword=secret2"
    command = [sys.executable, "-m", "mgld_bench", "report", "demo", "--workspace", str(tmp_path), "--store", address]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 2
    assert "password authentication failed" in done.stderr
    assert "secret" not in done.stdout + done.stderr


@pytest.mark.parametrize("wrong", ["postgres9://me:secret@host/name", "nonsense://me:secret@host", "sqlite://me:secret@host/x"])
def test_an_address_of_no_database_is_printed_without_its_password(wrong: str) -> None:
    with pytest.raises(InputError) as error:
        Store(wrong)
    assert "secret" not in str(error.value)


def test_what_is_recorded_of_a_command_has_no_password(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from mgld_bench.engine.machine import command_line, compute_on, provenance

    monkeypatch.setattr(sys, "argv", ["mgld-bench", "run", "demo", "--store", url])
    recorded = provenance(command_line(), compute_on("cpu", "float32", ""))
    assert PASSWORD not in json.dumps(recorded)
    assert "postgresql://bench:***@127.0.0.1" in recorded["command"]
    assert PASSWORD not in provenance(["my.py", url], compute_on("cpu", "float32", ""))["command"]
