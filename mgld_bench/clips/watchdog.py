"""Ends a process that hangs: one that neither works, nor waits for us."""

from __future__ import annotations

import array
import subprocess
import sys
from threading import Event, Thread
from typing import IO, Final

import psutil

if sys.platform != "win32":
    import fcntl
    import termios

PATIENCE: Final = 60.0
"""Seconds without a sign of life after which a process is killed. A disk of a cluster that is busy may take many."""


class Watchdog:
    """Watches a process until `stop`. It is killed where it uses no processor time, while it is not us who keep it waiting."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.killed = False
        """Whether the process was killed because it hung."""
        self._process = process
        self._stopped = Event()
        self._patience = PATIENCE
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer."""
        self._stopped.set()
        self._thread.join()

    def _watch(self) -> None:
        idle, worked = 0.0, -1.0
        pause = self._patience / 20
        while not self._stopped.wait(pause):
            now = self._work()
            if now is None:
                return
            idle = 0.0 if now != worked or self._waits_for_us() else idle + pause
            worked = now
            if idle >= self._patience:
                self.killed = True
                self._process.kill()
                return

    def _work(self) -> float | None:
        """Seconds of processor time so far; None where it has ended."""
        try:
            times = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return None
        return None if self._process.poll() is not None else times.user + times.system

    def _waits_for_us(self) -> bool:
        """Whether its output is full, or its input empty."""
        return _waiting(self._process.stdout, otherwise=0) > 0 or _waiting(self._process.stdin, otherwise=1) == 0


def _waiting(pipe: IO[bytes] | None, otherwise: int) -> int:
    """How many bytes are in a pipe; ``otherwise`` where there is none, it is closed, or that cannot be found out."""
    if pipe is None or sys.platform == "win32":
        return otherwise
    count = array.array("i", [0])
    try:
        fcntl.ioctl(pipe.fileno(), termios.FIONREAD, count)
    except (OSError, ValueError):
        return otherwise
    return count[0]
