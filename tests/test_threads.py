"""How many threads work may use: the cores of this process, quotas of control groups, and what the libraries then do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mgld_bench.errors import InputError
from mgld_bench.threads import busy_warning, share_of_threads, side_by_side, threads, usable_cores, use_threads

QUIET = {name: value for name, value in os.environ.items() if not name.endswith("_THREADS") and name != "OPENCV_FOR_THREADS_NUM"}


def child(code: str, *before: str, **environment: str) -> str:
    done = subprocess.run(
        [*before, sys.executable, "-c", code], capture_output=True, text=True, env=QUIET | environment, timeout=120, check=True
    )
    return done.stdout.strip()


def group(root: Path, groups: str, files: dict[str, str]) -> Path:
    """A machine's control groups below ``root``."""
    for name, text in {"proc/self/cgroup": groups, **files}.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_a_process_that_is_bound_to_a_core_uses_that_one() -> None:
    core = min(os.sched_getaffinity(0))
    code = (
        "from mgld_bench.threads import *; use_threads(); import torch; print(usable_cores(), threads(), torch.get_num_threads())"
    )
    assert child(code, "taskset", "-c", str(core)).split() == ["1", "1", "1"]


def test_without_quota_every_core_is_usable(tmp_path: Path) -> None:
    every = len(os.sched_getaffinity(0))
    assert usable_cores(tmp_path) == every
    assert usable_cores(group(tmp_path, "0::/\n", {"sys/fs/cgroup/cpu.max": "max 100000\n"})) == every


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        ("0::/\n", {"sys/fs/cgroup/cpu.max": "50000 100000\n"}),
        ("0::/a/b\n", {"sys/fs/cgroup/a/b/cpu.max": "100000 100000\n"}),
        ("0::/a/b\n", {"sys/fs/cgroup/a/b/cpu.max": "max 100000\n", "sys/fs/cgroup/a/cpu.max": "100000 100000\n"}),
        (
            "3:cpu,cpuacct:/x\n",
            {
                "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_quota_us": "90000\n",
                "sys/fs/cgroup/cpu,cpuacct/x/cpu.cfs_period_us": "100000\n",
            },
        ),
        (
            "1:cpu:/docker/0123\n",
            {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "100000\n", "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n"},
        ),
    ],
)
def test_a_quota_limits(tmp_path: Path, groups: str, files: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)))
    assert usable_cores(group(tmp_path, groups, files)) == 1


@pytest.mark.parametrize(("quota", "cores"), [("250000", 3), ("200000", 2), ("1600000", 8), ("-1", 8), ("0", 8), ("rubbish", 8)])
def test_a_quota_of_several_cores(tmp_path: Path, quota: str, cores: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _process: set(range(8)))
    assert usable_cores(group(tmp_path, "0::/\n", {"sys/fs/cgroup/cpu.max": f"{quota} 100000\n"})) == cores


def test_waiting_threads_sleep_unless_the_user_wants_otherwise() -> None:
    shown = "print(os.environ['OMP_WAIT_POLICY'], os.environ['KMP_BLOCKTIME'])"
    code = f"import os; from mgld_bench.threads import *; use_threads(); {shown}"
    assert child(code) == "PASSIVE 0"
    assert child(code, OMP_WAIT_POLICY="ACTIVE", KMP_BLOCKTIME="7") == "ACTIVE 7"


def test_what_is_asked_for_reaches_the_libraries_and_further_processes() -> None:
    code = (
        "from mgld_bench.threads import *; use_threads(1); import torch, cv2, subprocess, sys\n"
        "if __name__ == '__main__':\n"
        " print(torch.get_num_threads(), cv2.getNumThreads(), threads())\n"
        " print(subprocess.check_output([sys.executable, '-c', 'from mgld_bench.threads import *; print(threads())'], text=True))"
    )
    assert child(code).split() == ["1", "1", "1", "1"]
    late = "import torch; from mgld_bench.threads import *; use_threads(1); print(torch.get_num_threads())"
    assert child(late) == "1"
    kept = "from mgld_bench.threads import *; use_threads(); import torch; print(torch.get_num_threads())"
    assert child(kept, OMP_NUM_THREADS="1") == "1"


def test_workers_share_the_threads() -> None:
    code = (
        "from mgld_bench.threads import *; from mgld_bench.processes import worker_processes\n"
        "if __name__ == '__main__':\n"
        " use_threads(4)\n"
        " with worker_processes(2) as pool: print(pool.submit(threads).result())\n"
        " with worker_processes(1) as pool: print(pool.submit(threads).result())"
    )
    assert child(code).split() == ["2", "4"]


def test_numbers_of_threads_that_are_none() -> None:
    with pytest.raises(InputError, match="--threads 0: use 1 or more"):
        use_threads(0)
    done = subprocess.run(
        [sys.executable, "-m", "mgld_bench", "restore", "bicubic", "a", "b", "--threads", "0"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == "mgld-bench: --threads 0: use 1 or more"
    assert 1 <= threads() <= max(usable_cores(), int(os.environ.get("OMP_NUM_THREADS", "1")))
    assert share_of_threads(1000) == 1


def test_programs_of_several_methods_share_the_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MGLD_BENCH_THREADS", "12")
    with side_by_side(3):
        assert share_of_threads(2) == 2
        with side_by_side(9):
            assert share_of_threads(2) == 1
    assert share_of_threads(2) == 6


def test_a_busy_machine_is_warned_of() -> None:
    assert busy_warning(1.5, 2) is None
    assert "load 7.3, 2 cores" in (busy_warning(7.3, 2) or "")
