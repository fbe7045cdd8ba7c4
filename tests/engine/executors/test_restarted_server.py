"""A run by workers goes through a restart of its database."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from mgld_bench.engine.executors.survey import survey
from mgld_bench.engine.store import Store
from tests.helpers.by_workers import Process, SmallSuite, State, processes, state, wait_until
from tests.helpers.postgresql import PASSWORD, PostgreSQL


@pytest.mark.slow
def test_a_server_that_crashes_in_the_middle_costs_nothing(
    suite: SmallSuite, alone: State, postgresql: PostgreSQL, tmp_path: Path
) -> None:
    url, workspace = postgresql.create(), tmp_path / "workspace"
    environment = {**suite.environment, "MGLD_BENCH_STORE": url, "SECONDS_PER_FRAME": "1"}
    with processes() as running:
        run = Process(suite.run_command(workspace, "", "--executor", "local"), environment, tmp_path / "run.log")
        running.append(run)
        with Store(url) as store:
            wait_until("a unit under way", lambda: any("slow" in worker.doing for worker in survey(store).workers))
        postgresql.stop()
        time.sleep(1.5)
        postgresql.start()
        assert run.wait(300) == 0, run.errors.read_text()
    said = run.errors.read_text()
    assert "connection lost" in said
    assert "the connection is back; nothing was lost" in said
    assert PASSWORD not in said
    assert state(workspace, url) == alone
