"""A run by workers ends as a run in one process does: the same rows, the same files, and no unit done twice."""

from __future__ import annotations

import random
import time
from collections import Counter
from pathlib import Path

import pytest

from mgld_bench.engine.executors.coordinate import run_by_workers
from mgld_bench.engine.executors.local import LocalExecutor
from mgld_bench.engine.executors.survey import survey
from mgld_bench.engine.store import Store, open_store
from tests.helpers.by_workers import Process, SmallSuite, State, processes, state, wait_until, write_suite
from tests.helpers.postgresql import PASSWORD, PostgreSQL


def test_local_processes_leave_what_one_process_leaves(suite: SmallSuite, alone: State, tmp_path: Path) -> None:
    workspace = tmp_path / "workspace"
    with suite.session(workspace) as session:
        outcome = session.attempt(["test"], do=run_by_workers(LocalExecutor(["cpu"], workers=2), ""))
        assert outcome.missing == ""
        assert all(unit.done for unit in session.plan().units)
        found = survey(session.store)
        again = session.attempt(["test"], do=run_by_workers(LocalExecutor(["cpu"]), ""))
        assert (again.missing, survey(session.store).jobs) == ("", found.jobs), "nothing to do starts nothing"
    assert state(workspace) == alone
    (job,) = found.jobs
    assert (job.count("done"), job.closed, found.left, found.working) == (10, True, 0, 0)
    assert {worker.ended for worker in found.workers} == {"nothing left to do"}
    assert len(found.workers) == 2


@pytest.mark.parametrize("kills", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_workers_on_postgresql_of_which_one_is_killed_again_and_again(
    kills: int, suite: SmallSuite, alone: State, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    """The run waits, workers are started by hand: three (two in the quick case), one of which is killed and started again."""
    if kills > 1:
        suite = write_suite(tmp_path / "suite", copies=kills // 2)
        with suite.session(tmp_path / "alone") as session:
            session.run(["test"])
        alone = state(tmp_path / "alone")
    url, workspace, log = postgresql.create(), tmp_path / "workspace", tmp_path / "log"
    environment = {**suite.environment, "MGLD_BENCH_STORE": url, "RESTORED_BY": str(log)}
    # Slow while workers are killed, quick afterwards.
    environment |= {"SECONDS_PER_FRAME": "0.7" if kills == 1 else "10", "HURRY": str(tmp_path / "hurry")}
    moments = random.Random(20240719)
    log.touch()
    with Store(url) as store, processes() as running:

        def start(name: str, *words: str) -> Process:
            running.append(Process(list(words), environment, tmp_path / f"{name}.log"))
            return running[-1]

        def doing(process: Process) -> str:
            workers = survey(store).workers
            return next((one.doing for one in workers if one.pid == process.process.pid and not one.ended), "")

        run = start("run", *suite.run_command(workspace, "", "--executor", "workers"))
        worker = suite.command("worker", "--device", "cpu", "--lease", "3", "--workspace", str(workspace))
        wait_until("the run's units", lambda: survey(store).left or run.process.poll() is not None)
        others = [start(f"worker{number}", *worker) for number in range(2 if kills > 1 else 1)]
        for number in range(kills):
            victim = start(f"victim{number}", *worker)
            wait_until("a unit of the victim", lambda: doing(victim) or run.process.poll() is not None)  # noqa: B023
            assert run.process.poll() is None, "too little work for so many kills"
            time.sleep(moments.uniform(0, 0.5))
            victim.kill()
        (tmp_path / "hurry").touch()
        assert run.wait(300) == 0, run.errors.read_text()
        for other in others:
            assert other.wait(120) == 0, other.errors.read_text()
        found = survey(store)
    assert found.jobs[0].count("done") == found.jobs[0].count("done", "failed", "ready", "blocked", "running")
    assert state(workspace, url) == alone
    frames = Counter(log.read_text().split("\n"))
    victims = {one.process.pid for one in running if one.errors.name.startswith("victim")}
    done_by = Counter(line.split()[0] for line in frames.elements() if line and int(line.split()[1]) not in victims)
    assert max(done_by.values()) <= 3, "a frame was made twice by workers that were not killed"
    for file in tmp_path.glob("*.log"):
        assert PASSWORD not in file.read_text()


@pytest.mark.slow
def test_a_run_that_is_interrupted_takes_its_workers_with_it_and_is_resumed(
    suite: SmallSuite, alone: State, tmp_path: Path
) -> None:
    workspace = tmp_path / "workspace"
    environment = {**suite.environment, "SECONDS_PER_FRAME": "0.5"}
    with processes() as running:
        run = Process(suite.run_command(workspace, "", "--executor", "local"), environment, tmp_path / "run.log")
        running.append(run)
        wait_until("a restored clip", lambda: list(workspace.glob("restored/*/bicubic/*.json")))
        run.process.send_signal(2)
        assert run.wait(60) == 130, run.errors.read_text()
    assert "Traceback" not in run.errors.read_text()
    with open_store("", workspace, create=False) as store:
        found = survey(store)
    assert found.jobs[0].closed
    assert [worker.ended for worker in found.workers] == ["interrupted"]
    with suite.session(workspace) as session:
        session.run(["test"])
    assert state(workspace) == alone
