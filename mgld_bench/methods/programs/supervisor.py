"""Runs one program and answers for all of its processes: `python -m mgld_bench.methods.programs.supervisor SPEC`.

A process of its own, because only one that outlives the suite can end the program when the suite is killed. Its standard input is
the lifeline: when that ends, however the suite ended, it kills every process of the program and removes the stage. It imports
next to nothing, so that it starts within a tenth of a second.
"""

from __future__ import annotations

import ctypes
import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import IO, Any, Final, cast

import psutil

_SUBREAPER: Final = 36
"""PR_SET_CHILD_SUBREAPER of prctl(2): orphans become children of this process, so that a program that forks away is found."""
_LOOKS: Final = 0.1
"""Seconds between two looks at memory and limits."""
_GPU_LOOKS: Final = 1.0
_GRACE: Final = 2.0
"""Seconds between the request to end and the kill."""
LOG_LIMIT: Final = 20_000_000
"""Bytes of output that are kept."""


def main(spec_path: Path) -> int:
    """Run what the spec states; writes ``end``, a JSON file. Returns 0 where that tells all, 1 where nobody waits for it."""
    spec = json.loads(spec_path.read_text(encoding="utf-8"))
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # The suite decides what ends the program, through the lifeline.
        signal.signal(number, signal.SIG_IGN)
    with Path(spec["log"]).open("wb", buffering=0) as log:
        end = _run(spec, log)
    if end["reason"] == "abandoned":
        shutil.rmtree(spec["stage"], ignore_errors=True)
        return 1
    Path(spec["end"]).write_text(json.dumps(end), encoding="utf-8")
    return 0


def _run(spec: dict[str, Any], log: IO[bytes]) -> dict[str, Any]:
    process = subprocess.Popen(  # noqa: S603
        spec["arguments"],
        cwd=spec["folder"],
        env=spec["variables"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        preexec_fn=_heed_signals,  # noqa: PLW1509 - there are no threads here
    )
    watch = _Watch(spec, time.monotonic())
    output = cast("IO[bytes]", process.stdout)
    reason, written, silent = "", 0, False
    while not reason and process.poll() is None:
        ready, _, _ = select.select([sys.stdin, *([] if silent else [output])], [], [], _LOOKS)
        if sys.stdin in ready and not os.read(sys.stdin.fileno(), 1):
            reason = "abandoned"
        if output in ready:
            text = os.read(output.fileno(), 1 << 16)
            silent, written = not text, _keep(log, text, written)
        reason = reason or watch.look()
    left = _end_all(spec["afterwards"] if reason else [], 0.0 if reason == "abandoned" else _GRACE)
    os.set_blocking(output.fileno(), False)
    while not silent and (text := output.read(1 << 16)):
        written = _keep(log, text, written)
    return {
        "reason": reason,
        "code": process.wait(),
        "left": left if not reason else 0,
        "memory": watch.memory,
        "gpu_memory": watch.gpu_memory,
    }


def _heed_signals() -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def _keep(log: IO[bytes], text: bytes, written: int) -> int:
    """Append ``text`` to the log up to its limit; what comes after is read and dropped, so that the program does not stall."""
    if written < LOG_LIMIT <= written + len(text):
        text = text[: LOG_LIMIT - written] + b"\n[the rest of its output was dropped]\n"
    if written < LOG_LIMIT:
        log.write(text)
    return written + len(text)


class _Watch:
    """The largest memory of all processes together, and the limits."""

    def __init__(self, spec: dict[str, Any], began: float) -> None:
        self.memory = 0
        self.gpu_memory: int | None = None
        self._until = began + spec["time_limit"] if spec["time_limit"] else None
        self._most = spec["memory_limit"]
        self._tool = shutil.which("nvidia-smi") if spec["gpu"] else None
        self._next_look = self._next_gpu_look = began

    def look(self) -> str:
        """The limit that is broken: "time" or "memory"; "" for none."""
        if time.monotonic() < self._next_look:
            return ""
        self._next_look = time.monotonic() + _LOOKS
        processes = _descendants()
        self.memory = max(self.memory, sum(map(_resident, processes)))
        if self._tool and time.monotonic() >= self._next_gpu_look:
            self._next_gpu_look = time.monotonic() + _GPU_LOOKS
            used = _gpu_memory(self._tool, {process.pid for process in processes})
            self.gpu_memory = used if self.gpu_memory is None else max(self.gpu_memory, used)
        if self._most and self.memory > self._most:
            return "memory"
        return "time" if self._until and time.monotonic() > self._until else ""


def _end_all(afterwards: list[str], grace: float) -> int:
    """End every process that is left, with ``grace`` seconds to end by itself; returns how many there were."""
    if afterwards:
        subprocess.run(afterwards, stdin=subprocess.DEVNULL, capture_output=True, check=False)  # noqa: S603
    left = _descendants()
    for process in left:
        _signal(process, signal.SIGTERM)
    until = time.monotonic() + grace
    while (alive := _descendants()) and time.monotonic() < until:
        psutil.wait_procs(alive, timeout=0.05)
    # A program that forks while it is killed leaves new processes: until none is found.
    while alive := _descendants():
        for process in alive:
            _signal(process, signal.SIGKILL)
        psutil.wait_procs(alive, timeout=0.05)
    return len(left)


def _descendants() -> list[psutil.Process]:
    found = []
    for process in psutil.Process().children(recursive=True):
        try:
            if process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except psutil.Error:
            continue
    return found


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def _signal(process: psutil.Process, number: int) -> None:
    try:
        process.send_signal(number)
    except psutil.Error:
        return


def _gpu_memory(tool: str, pids: set[int]) -> int:
    """Bytes of GPU memory that these processes have, as the driver counts it."""
    query = [tool, "--query-compute-apps=pid,used_memory", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=10, check=False).stdout  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return 0
    rows = [line.split(",") for line in answer.splitlines() if line.count(",") == 1]
    return sum(int(used) << 20 for pid, used in rows if pid.strip().isdigit() and int(pid) in pids and used.strip().isdigit())


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
