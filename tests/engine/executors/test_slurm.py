"""Workers as jobs, by submitit's executor for this machine, which has the interface of the one for Slurm."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mgld_bench.engine.executors.coordinate import run_by_workers
from mgld_bench.engine.executors.slurm import FOLDER, SlurmExecutor
from mgld_bench.errors import InputError
from tests.helpers.by_workers import SmallSuite, State, state
from tests.helpers.postgresql import PASSWORD, PostgreSQL


def test_without_sbatch_it_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("submitit")
    monkeypatch.setenv("PATH", os.defpath)
    with pytest.raises(InputError, match="there is no sbatch here"):
        SlurmExecutor(on_gpus=False, workers=1, options={})


# submitit's executor for one machine leaves its processes to be collected.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.slow
def test_jobs_leave_what_one_process_leaves_and_their_files_hold_no_password(
    suite: SmallSuite, alone: State, postgresql: PostgreSQL, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("submitit")
    url, workspace = postgresql.create(), tmp_path / "workspace"
    monkeypatch.setenv("MGLD_BENCH_STORE", "")
    executor = SlurmExecutor(on_gpus=False, workers=2, options={}, cluster="local")
    with suite.session(workspace, url) as session:
        assert session.attempt(["test"], do=run_by_workers(executor, url)).missing == ""
    assert state(workspace, url) == alone
    files = [path for path in (workspace / FOLDER).rglob("*") if path.is_file()]
    assert len(files) > 2
    assert [path for path in files if PASSWORD.encode() in path.read_bytes()] == []
