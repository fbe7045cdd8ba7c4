"""Worker processes end with their block: real children, real signals."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import pytest

from mgld_bench.processes import _end_with_parent, worker_processes

PATIENCE = 20.0


def gone(process: int) -> bool:
    """Whether a process ends within PATIENCE."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def work_for(seconds: float, started: str) -> None:
    """Leave this process's number in the file ``started``, then be busy."""
    Path(started).write_text(str(os.getpid()))
    time.sleep(seconds)


def number_in(started: Path) -> int:
    deadline = time.monotonic() + PATIENCE
    while not (started.is_file() and started.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(started.read_text())


def test_work_is_done_elsewhere() -> None:
    with worker_processes(2) as executor:
        assert executor.submit(pow, 2, 10).result() == 1024
        worker = executor.submit(os.getpid).result()
    assert worker != os.getpid()
    assert gone(worker)


def test_leaving_the_block_ends_work_that_is_under_way(tmp_path: Path) -> None:
    started = tmp_path / "started"
    began = time.monotonic()
    with pytest.raises(RuntimeError, match="enough"), worker_processes(1) as executor:
        executor.submit(work_for, 600.0, str(started))
        worker = number_in(started)
        raise RuntimeError("enough")
    assert gone(worker)
    assert time.monotonic() - began < 60


def test_workers_ignore_an_interrupt_and_a_killed_one_is_reported() -> None:
    with worker_processes(1) as executor:
        worker = executor.submit(os.getpid).result()
        os.kill(worker, signal.SIGINT)
        assert executor.submit(os.getpid).result() == worker
        os.kill(worker, signal.SIGKILL)
        with pytest.raises(BrokenProcessPool):
            executor.submit(time.sleep, 600).result(timeout=PATIENCE)


LOADING = """
import os, signal
from mgld_bench.processes import worker_processes

if __name__ == "__mp_main__":
    # Still before the worker has been prepared, an interrupt reaches it.
    os.kill(os.getpid(), signal.SIGINT)

if __name__ == "__main__":
    with worker_processes(1) as executor:
        print(executor.submit(pow, 2, 10).result())
"""


def test_an_interrupt_while_a_worker_loads_is_ignored_too(tmp_path: Path) -> None:
    script = tmp_path / "loading.py"
    script.write_text(LOADING)
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "1024\n", "")


def compute_for(seconds: int, started: str) -> None:
    """As `work_for`, in a computation that lets no other thread of Python run."""
    Path(started).write_text(str(os.getpid()))
    ctypes.PyDLL(None).sleep(seconds)


PARENT = """
import multiprocessing, sys
from mgld_bench.processes import _end_with_parent, worker_processes
from mgld_bench.signals import end_as_by_ctrl_c
from tests.test_processes import compute_for, watch, work_for

if __name__ == "__main__":
    end_as_by_ctrl_c()
    work, started = sys.argv[1:]
    if work == "watch":
        child = multiprocessing.get_context("spawn").Process(target=watch, args=(started,))
        child.start()
        child.join()
    with worker_processes(1) as executor:
        executor.submit(globals()[work], 600, started).result()
"""


def watch(started: str) -> None:
    """What a worker does where the system does not end it with its parent."""
    Path(started).write_text(str(os.getpid()))
    _end_with_parent()


@pytest.mark.parametrize(
    ("work", "number"),
    [
        ("work_for", signal.SIGKILL),
        ("work_for", signal.SIGTERM),
        ("work_for", signal.SIGHUP),
        pytest.param(
            "compute_for", signal.SIGKILL, marks=pytest.mark.skipif(sys.platform != "linux", reason="a service of Linux")
        ),
        ("watch", signal.SIGKILL),
    ],
)
def test_workers_end_with_their_parent(tmp_path: Path, work: str, number: signal.Signals) -> None:
    script, started = tmp_path / "parent.py", tmp_path / "started"
    script.write_text(PARENT)
    root = str(Path(__file__).parents[1])
    search = os.pathsep.join([root, *filter(None, [os.environ.get("PYTHONPATH")])])
    parent = subprocess.Popen(
        [sys.executable, str(script), work, str(started)], env={**os.environ, "PYTHONPATH": search}, stderr=subprocess.DEVNULL
    )
    worker = number_in(started)
    parent.send_signal(number)
    parent.wait(timeout=PATIENCE)
    assert gone(worker)


def test_other_children_are_left_alone() -> None:
    other = multiprocessing.get_context("spawn").Process(target=time.sleep, args=(600,))
    other.start()
    try:
        with worker_processes(1) as executor:
            executor.submit(os.getpid).result()
        other.join(timeout=1.0)
        assert other.is_alive()
    finally:
        other.kill()
        other.join()
