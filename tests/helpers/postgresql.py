"""A real PostgreSQL for tests: one server for the whole session, in a temporary folder, and a database for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import pytest

PASSWORD = "only-for-tests"
_HERE = "/usr/lib/postgresql"
"""Where Debian keeps the programs of each version."""


def programs() -> Path | None:
    """The folder with initdb and postgres, of the newest version that is installed; None where there is none."""
    found = sorted(Path(_HERE).glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    somewhere = shutil.which("initdb")
    return Path(somewhere).resolve().parent if somewhere else None


def _user() -> str | None:
    """Who is to run the server, which refuses to run as root; None: whoever runs the tests."""
    if os.geteuid() != 0:
        return None
    names = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


@dataclass
class PostgreSQL:
    """A running server, which can be stopped and started again."""

    folder: Path
    bin: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = None
    numbers: Iterator[int] = field(default_factory=count)

    def url(self, database: str) -> str:
        """The address of a database, with the password in it."""
        return f"postgresql://bench:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def create(self) -> str:
        """A new database; returns its address."""
        name = f"test{next(self.numbers)}"
        self.run_sql("postgres", f"CREATE DATABASE {name}")
        return self.url(name)

    def run_sql(self, database: str, statement: str) -> list[tuple[object, ...]]:
        """The rows that a statement gives; it runs outside of any transaction."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        if not self.port:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", 0))
                self.port = probe.getsockname()[1]
        settings = {"port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "fsync": "off"}
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.folder / "data", *options],
                user=_user(),
                stdout=log,
                stderr=log,
                cwd=self.folder,
            )
        ready = [str(self.bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        deadline = time.monotonic() + 60
        while subprocess.run(ready, check=False).returncode:
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "PostgreSQL does not answer"
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server at once, as by a crash: connections are cut."""
        if self.process is not None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait(30)
            self.process = None


@contextmanager
def started() -> Iterator[PostgreSQL]:
    """A new server. Skips the test where PostgreSQL is not installed."""
    pytest.importorskip("psycopg", reason="the extra [postgres] is not installed")
    found = programs()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    folder = Path(tempfile.mkdtemp(prefix="mgld-bench-postgresql-"))
    try:
        if (user := _user()) is not None:
            shutil.chown(folder, user)
        password = folder / "password"
        password.write_text(PASSWORD)
        password.chmod(0o644)
        command = [
            str(found / "initdb"),
            "-D",
            str(folder / "data"),
            "-U",
            "bench",
            "-A",
            "scram-sha-256",
            "--pwfile",
            str(password),
        ]
        command += ["-E", "UTF8", "--locale", "C", "--no-sync"]
        made = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, check=False)
        assert made.returncode == 0, made.stderr
        server = PostgreSQL(folder, found)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """The server of the session."""
    with started() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest) -> str:
    """What ``--store`` names: "" for SQLite in the workspace, the address of an empty database of PostgreSQL."""
    if request.param == "sqlite":
        return ""
    server: PostgreSQL = request.getfixturevalue("postgresql")
    return server.create()
