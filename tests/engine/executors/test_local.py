"""Processes of this machine: one per GPU, which sees that one alone, and others on the CPU beside them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
import torch

from mgld_bench.engine.executors.local import LocalExecutor, devices_here, seen_as
from mgld_bench.engine.executors.staff import staff
from mgld_bench.engine.executors.worker import WorkerSettings
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from tests.helpers.command import call

no_gpu = pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")


def test_devices_are_named_one_by_one_and_of_one_kind() -> None:
    assert devices_here("cuda:0, cuda:1,cuda:0") == ("cuda:0", "cuda:1")
    with pytest.raises(InputError, match="--device cuda:0,cpu: devices of one kind only"):
        devices_here("cuda:0,cpu")


def test_a_process_sees_its_gpu_alone_also_among_those_that_the_user_has_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert [seen_as(device) for device in ("cuda:1", "cuda", "cpu")] == [{"CUDA_VISIBLE_DEVICES": "1"}, {}, {}]
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "5,7")
    assert seen_as("cuda:1") == {"CUDA_VISIBLE_DEVICES": "7"}


@no_gpu
@pytest.mark.parametrize("device", ["all", "cuda:0,cuda:1"])
def test_gpus_that_are_not_there_are_one_line(device: str, tmp_path: Path) -> None:
    done = call("run", "demo", "--device", device, "--workspace", tmp_path / "workspace")
    assert (done.code, done.out, done.err.count("\n")) == (2, "", 1), done
    assert "CUDA" in done.err
    assert not (tmp_path / "workspace").exists()


@pytest.mark.slow
def test_there_is_a_process_per_gpu_and_others_on_the_cpu(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'results.sqlite'}"
    executor = LocalExecutor(["cuda:0", "cuda:1"], workers=2)
    with Store(url) as store:
        executor.submit(WorkerSettings(url, tmp_path, executor="local"), 10, 0)
        try:
            deadline = time.monotonic() + 120
            while executor.alive() and time.monotonic() < deadline:
                assert executor.watch() == []
                time.sleep(0.1)
        finally:
            executor.cancel()
        workers = staff(store, 0.0)
    assert sorted(worker.device for worker in workers) == ["cpu", "cpu", "cuda", "cuda"]
    assert {worker.ended for worker in workers} == {"nothing left to do"}
