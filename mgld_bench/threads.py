"""How many threads work may use: no more than the cores that this process may use, and waiting threads sleep.

By default the libraries below start a thread for every core of the machine, also in a container that may use two of them, and
threads that wait for each other keep their cores busy meanwhile: on a shared machine that takes several times the CPU time.
"""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Final

import psutil

from mgld_bench.errors import InputError

_POOLS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM", "NUMEXPR_NUM_THREADS")
_PASSIVE: Final = {"OMP_WAIT_POLICY": "PASSIVE", "KMP_BLOCKTIME": "0"}
_ASKED: Final = "MGLD_BENCH_THREADS"
"""Inherited by the processes that this one starts."""
_processes: ContextVar[int] = ContextVar("processes", default=1)


def usable_cores(root: Path = Path("/")) -> int:
    """The cores that this process may use: those it is bound to, and no more than its control groups' CPU quota.

    Args:
        root: where /proc and /sys are looked for.
    """
    bound = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    quota = _quota(root)
    return bound if quota is None else max(1, min(bound, math.ceil(quota)))


def threads() -> int:
    """The threads that work of this process may use: as asked for, else $OMP_NUM_THREADS, else one per usable core."""
    for name in (_ASKED, "OMP_NUM_THREADS"):
        first = os.environ.get(name, "").split(",")[0].strip()
        if first.isdecimal() and int(first) > 0:
            return int(first)
    # As PyTorch does by itself: two threads on one physical core gain nothing.
    return max(1, min(usable_cores(), psutil.cpu_count(logical=False) or usable_cores()))


def use_threads(count: int | None = None) -> None:
    """Let the libraries of this process, and of those that it starts, use that many threads, which sleep while they wait.

    Libraries read most of this when they are imported, so it is to be called first; a PyTorch or OpenCV that is already there is
    told. What the user has set in the environment stays, unless a ``count`` is given.

    Args:
        count: threads; None: as many as `threads` gives.

    Raises:
        InputError: ``count`` is below 1.
    """
    if count is not None and count < 1:
        raise InputError(f"--threads {count}: use 1 or more")
    for name, value in _PASSIVE.items():
        os.environ.setdefault(name, value)
    if count is not None:
        os.environ.update(dict.fromkeys((_ASKED, *_POOLS), str(count)))
    most = str(threads())
    for name in _POOLS:
        os.environ.setdefault(name, most)
    if count is not None:
        if (torch := sys.modules.get("torch")) is not None:
            torch.set_num_threads(count)
        if (cv2 := sys.modules.get("cv2")) is not None:
            cv2.setNumThreads(count)


def share_of_threads(parts: int) -> int:
    """The threads of each of so many ``parts`` that work at the same time, in each of the processes of `side_by_side`."""
    return max(1, threads() // (parts * _processes.get()))


@contextmanager
def side_by_side(processes: int) -> Iterator[None]:
    """A block in which so many of the same processes run at the same time; `share_of_threads` counts them.

    The threads of PyTorch stay as they are: with a different number of them a sum is rounded differently, and a score would
    depend on what else is scored.
    """
    before = _processes.set(max(1, processes))
    try:
        yield
    finally:
        _processes.reset(before)


def busy_warning(load: float, cores: int) -> str | None:
    """A line that warns of other work on the machine, which makes times longer; None where there is little.

    Args:
        load: processes that want to run, on average over the last minute.
        cores: those that are about to be used.
    """
    if load <= cores:
        return None
    return (
        f"warning: the machine is busy (load {load:.1f}, {cores} cores in use here), so that times are longer than on an idle one"
    )


def _quota(root: Path) -> float | None:
    """The smallest CPU quota of this process's control groups and of those above them, in cores; None without one."""
    found = []
    for line in _text(root / "proc/self/cgroup").splitlines():
        parts = line.split(":", 2)
        if len(parts) != 3:
            continue
        controllers = parts[1].split(",")
        if parts[1] == "":
            found += [_unified(folder) for folder in _upwards(root / "sys/fs/cgroup", parts[2])]
        elif "cpu" in controllers:
            for mount in dict.fromkeys((parts[1], "cpu", "cpu,cpuacct")):
                found += [_legacy(folder) for folder in _upwards(root / "sys/fs/cgroup" / mount, parts[2])]
    return min((quota for quota in found if quota is not None), default=None)


def _upwards(mount: Path, group: str) -> list[Path]:
    """The folder of a control group and of every one above it; inside a container its own is the root."""
    parts = [part for part in group.split("/") if part not in ("", "..")]
    return [mount.joinpath(*parts[:length]) for length in range(len(parts), -1, -1)]


def _unified(folder: Path) -> float | None:
    """The quota in cpu.max, of version 2: "200000 100000", or "max 100000"."""
    words = _text(folder / "cpu.max").split()
    return _cores(words[0], words[1]) if len(words) == 2 else None


def _legacy(folder: Path) -> float | None:
    """The quota of version 1, -1 for none."""
    return _cores(_text(folder / "cpu.cfs_quota_us").strip(), _text(folder / "cpu.cfs_period_us").strip())


def _cores(quota: str, period: str) -> float | None:
    if not (quota.isdecimal() and period.isdecimal()) or int(quota) == 0 or int(period) == 0:
        return None
    return int(quota) / int(period)


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except (OSError, UnicodeDecodeError):
        return ""
