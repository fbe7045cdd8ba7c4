"""What a worker finds before it begins: what prevents its work, and what only differs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mgld_bench.engine.beside_workers import refuse_beside_workers
from mgld_bench.engine.executors import probe as probing
from mgld_bench.engine.executors.canary import canary_digest, check_canary
from mgld_bench.engine.executors.job import Job, add_job
from mgld_bench.engine.executors.probe import leave_probe, probe, versions_here
from mgld_bench.engine.executors.queue import Queue, Task
from mgld_bench.engine.executors.worker import WorkerSettings, work
from mgld_bench.engine.machine import compute_on
from mgld_bench.engine.place import machine_id, place_of, settle_place
from mgld_bench.engine.plan import Unit
from mgld_bench.engine.request import SuiteRequest
from mgld_bench.engine.schema.tables import CanaryRow
from mgld_bench.engine.store import Store, open_store
from mgld_bench.errors import InputError


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store("", tmp_path, create=True) as opened:
        yield opened


@pytest.fixture
def job(store: Store, tmp_path: Path) -> Job:
    """A run of this machine in tmp_path, with one unit."""
    asked = SuiteRequest(report="demo")
    wanted = Job(0, settle_place(tmp_path), tmp_path, "box", machine_id(), "demo", asked, "run demo", versions_here(), 0.0, False)
    entered = add_job(store, wanted)
    leave_probe(tmp_path, f"job-{entered.id}")
    Queue(store).publish(
        entered.id, entered.place, [Task(Unit("restore", "r", "demo", "x", 3, False, "bicubic"), 0, "", "")], 0.0
    )
    return entered


def test_where_all_is_well_nothing_is_reported(store: Store, job: Job, tmp_path: Path) -> None:
    findings = probe(store, job, tmp_path, "worker")
    assert (findings.reasons, findings.notes) == ((), ())
    assert (tmp_path / ".probes/worker").exists(), "the run can see that it is seen"


def test_a_folder_that_only_looks_the_same_is_refused(store: Store, job: Job, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    for folder, said in ((tmp_path / "other", "is not the folder of the run"), (tmp_path / "none", "is not there")):
        (reason,) = probe(store, job, folder, "worker").reasons
        assert said in reason
    settle_place(tmp_path / "other")
    (tmp_path / ".probes" / f"job-{job.id}").unlink()
    (reason,) = probe(store, job, tmp_path, "worker").reasons
    assert "is not seen here" in reason


def test_sqlite_of_another_machine_is_refused_with_the_reason_by_a_real_worker(store: Store, job: Job, tmp_path: Path) -> None:
    add_job(store, replace(job, machine="another machine"))
    lines: list[str] = []
    with pytest.raises(InputError, match=r"a SQLite database is for processes of one machine.*PostgreSQL"):
        Queue(store).publish(2, job.place, [Task(Unit("restore", "r", "demo", "x", 3, False, "bicubic"), 0, "", "")], 0.0)
        work(WorkerSettings("", tmp_path, "cpu", executor="test"), lines.append)
    assert any("is not done here" in line for line in lines)


def test_another_release_is_refused_and_other_libraries_are_named(store: Store, job: Job, tmp_path: Path) -> None:
    other = replace(job, versions={**job.versions, "mgld-bench": "0.0.1", "torch": "1.0"})
    findings = probe(store, other, tmp_path, "worker")
    assert [reason.startswith("mgld-bench is ") for reason in findings.reasons] == [True]
    (line,) = findings.notes
    assert "versions differ" in line
    assert "1.0 there" in line
    assert "numpy" not in line


def test_a_full_disk_is_a_reason(store: Store, job: Job, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(probing, "LEAST_DISK", 10**18)
    (reason,) = probe(store, job, tmp_path, "worker").reasons
    assert "GB are free" in reason


def test_a_workspace_keeps_its_identity(tmp_path: Path) -> None:
    assert place_of(tmp_path) == ""
    first = settle_place(tmp_path)
    assert settle_place(tmp_path) == place_of(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == [".workspace-id"]


def test_a_device_whose_digest_differs_is_reported(store: Store) -> None:
    assert canary_digest("cpu") == canary_digest("cpu")
    assert check_canary(store, "cpu", "box1") == ""
    assert check_canary(store, "cpu", "box2") == ""
    store.transact(lambda session: session.query(CanaryRow).update({"digest": "ab" * 32}))
    assert "gives other numbers here than on box1" in check_canary(store, "cpu", "box2")


def test_a_gpu_that_only_workers_have_needs_the_memory_to_be_named() -> None:
    with pytest.raises(InputError, match="give --max-memory"):
        compute_on("cuda", "float16", "", by_others=True)
    compute = compute_on("cuda", "float16", "20G", by_others=True)
    assert (compute.memory_budget(), compute.describe_device()) == (20_000_000_000, "cuda of other machines")
    with pytest.raises(InputError, match="no CUDA GPU here"):
        compute_on("cuda", "float16", "20G")


def test_a_run_in_one_process_keeps_out_where_workers_are_at_work(store: Store, job: Job, tmp_path: Path) -> None:
    refuse_beside_workers(tmp_path, store)
    claim = Queue(store).claim("somebody", [job.id], [""])
    assert claim is not None
    with pytest.raises(InputError, match="1 workers are doing units of this workspace"):
        refuse_beside_workers(tmp_path, store)
    Queue(store).release("somebody")
    refuse_beside_workers(tmp_path, store)
