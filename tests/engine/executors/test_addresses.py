"""A workspace at an address holds what a folder would, wherever its units were done; what is half there is not there."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from mgld_bench.engine.address import STAGING_VARIABLE, workspace_folder
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError
from tests.helpers.by_workers import Process, SmallSuite, State, processes
from tests.helpers.command import call
from tests.helpers.postgresql import PostgreSQL
from tests.helpers.run_state import database, files
from tests.helpers.s3 import S3Server, started


@pytest.fixture(scope="module")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    with started(tmp_path_factory.mktemp("s3") / "log") as server:
        yield server


class Machine:
    """A machine of its own, by its folder for workspaces at addresses."""

    def __init__(self, suite: SmallSuite, folder: Path, patch: pytest.MonkeyPatch, address: str, store: str) -> None:
        self.suite, self.folder, self.patch, self.address, self.store = suite, folder, patch, address, store

    @property
    def workspace(self) -> Path:
        self.patch.setenv(STAGING_VARIABLE, str(self.folder))
        return workspace_folder(self.address)

    def session(self) -> Session:
        return self.suite.session(self.workspace, self.store)


def restored(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def test_an_s3_bucket_holds_what_a_folder_would_and_other_machines_work_with_it(
    s3: S3Server, suite: SmallSuite, alone: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    monkeypatch.setenv("RESTORED_BY", str(log))
    address, store = s3.create(), f"sqlite:///{tmp_path / 'results.sqlite'}"
    first, second = (Machine(suite, tmp_path / name, monkeypatch, address, store) for name in ("first", "second"))
    with first.session() as session:
        outcome = session.attempt(["test"])
    assert outcome.missing == ""
    made = restored(log)
    (tmp_path / "workspace").mkdir()
    shutil.copy(tmp_path / "results.sqlite", tmp_path / "workspace")
    assert (database(tmp_path / "workspace"), files(s3.download(address, tmp_path / "there"))) == alone
    assert [*(tmp_path / "there/.probes").glob("*")] == []

    with second.session() as session:
        plan = session.plan()
        assert all(unit.done for unit in plan.units)
        frames = [*second.workspace.glob("pairs/**/*.png"), *second.workspace.glob("restored/**/*.png")]
        assert frames == [], "frames are brought where they are needed"
        store_here = session.store
        store_here.remove(unit.key for unit in plan.units if unit.kind == "score" and unit.method == "slow")
        assert session.attempt(["test"]).missing == ""
    brought = {path.parent.parent.name for path in second.workspace.glob("restored/**/*.png")}
    assert brought == {"slow"}
    assert restored(log) == made, "nothing was restored again"
    shutil.copy(tmp_path / "results.sqlite", tmp_path / "workspace")
    assert database(tmp_path / "workspace") == alone[0]

    missing = Machine(suite, tmp_path / "third", monkeypatch, "s3://no-such-bucket/work", store)
    with pytest.raises(InputError, match=r"^s3://no-such-bucket/work: writing .*does the bucket exist\?$"):
        missing.session()


@pytest.mark.slow
def test_workers_of_other_machines_share_a_bucket_and_the_run_reports_what_they_made(
    s3: S3Server, suite: SmallSuite, alone: State, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """Three machines that share nothing but a bucket and a database."""
    address, url = s3.create(), postgresql.create()
    with processes() as running:
        for name in ("run", "one", "two"):
            environment = {**suite.environment, "MGLD_BENCH_STORE": url, STAGING_VARIABLE: str(tmp_path / name)}
            environment |= {"SECONDS_PER_FRAME": "0.3", "RESTORED_BY": str(tmp_path / f"{name}.restored")}
            command = suite.command("worker", "--device", "cpu", "--wait", "1")
            if name == "run":
                command = suite.run_command(Path("none"), "", "--executor", "workers")
                command[command.index("none")] = address
            running.append(Process(command, environment, tmp_path / f"{name}.log"))
        assert running[0].wait(300) == 0, running[0].errors.read_text()
        assert [worker.wait(200) for worker in running[1:]] == [0, 0]
    assert (database(tmp_path, url), files(s3.download(address, tmp_path / "there"))) == alone
    assert restored(tmp_path / "run.restored") == []
    (report,) = (tmp_path / "run").glob("*/reports/small")
    assert [*report.rglob("strips/**/*.png")], "the run's report has pictures of what others made"


def test_what_cannot_be_uploaded_fails_by_itself_and_is_uploaded_by_the_next_run(
    suite: SmallSuite, alone: State, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log, there, away = tmp_path / "log", tmp_path / "there", tmp_path / "away"
    monkeypatch.setenv("RESTORED_BY", str(log))
    machine = Machine(suite, tmp_path / "here", monkeypatch, f"file://{there}", f"sqlite:///{tmp_path / 'w' / 'results.sqlite'}")

    class Lost(Silent):
        """The address is lost once, while a clip is restored, and is back once that has failed."""

        lost = 0

        def unit(self, label: str) -> None:
            if label.startswith("slow") and not self.lost:
                self.lost = 1
                there.rename(away)
                there.write_text("no folder any more")

        def log(self, line: str) -> None:
            if self.lost == 1 and line.startswith("FAILED"):
                self.lost = 2
                there.unlink()
                away.rename(there)

    with machine.session() as session:
        outcome = session.attempt(["test"], progress=Lost())
    assert outcome.missing.count("restore ") == 1
    assert f"file://{there}: reading pairs" in outcome.missing or "uploading" in outcome.missing, outcome.missing
    with machine.session() as session:
        assert [unit.method for unit in session.plan().todo("restore")] == ["slow"]
        assert session.attempt(["test"]).missing == ""
    assert (database(tmp_path / "w"), files(there)) == alone
    assert len(restored(log)) == 6, "three frames of two clips, each once"


def test_what_is_half_at_an_address_is_not_there(suite: SmallSuite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = f"sqlite:///{tmp_path / 'results.sqlite'}"
    there = tmp_path / "there"
    first, second = (Machine(suite, tmp_path / name, monkeypatch, f"file://{there}", store) for name in ("first", "second"))
    with first.session() as session:
        session.run(["test"])
    side, other = sorted(there.glob("restored/tiny/bicubic/*.json"))
    whole = side.read_bytes()
    side.write_bytes(whole[: len(whole) // 2])
    other.unlink()
    with second.session() as session:
        todo = session.plan().todo("restore")
        assert [(unit.method, unit.clip) for unit in todo] == []
        sides = [path.name for path in second.workspace.glob("restored/tiny/bicubic/*.json")]
    assert sides == []
    side.write_bytes(whole)
    next(there.glob(f"restored/tiny/bicubic/{side.stem}/*.png")).unlink()
    with second.session() as session:
        scores = [unit for unit in session.plan().units if unit.kind == "score"]
        session.store.remove(unit.key for unit in scores if (unit.method, unit.clip) == ("bicubic", side.stem))
        missing = session.attempt(["test"]).missing
    assert "1 failed" in missing
    assert f"its side file is there, and not all of its frames: remove restored/tiny/bicubic/{side.stem}.json there" in missing
    assert "\n" not in missing


def test_an_address_needs_a_store_elsewhere_and_no_secret_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(STAGING_VARIABLE, str(tmp_path / "staging"))
    for address, line in (
        (f"file://{tmp_path / 'there'}", "needs a results database elsewhere: --store postgresql://"),
        ("s3://key:secret@bucket/prefix", "holds a user or a key"),
        ("s4://bucket", "no storage of kind s4 is known"),
        ("s3://", "is no address"),
    ):
        done = call("run", "demo", "--dry-run", "--workspace", address, environment={"MGLD_BENCH_STORE": ""})
        assert (done.code, done.out) == (2, ""), done
        assert line in done.err
        assert "secret" not in done.err
        assert done.err.count("\n") == 1
    done = call("clean", "--workspace", f"file://{tmp_path / 'there'}")
    assert (done.code, "this verb needs a folder" in done.err) == (2, True)
    with pytest.raises(InputError, match="is no address"):
        workspace_folder("://x")
