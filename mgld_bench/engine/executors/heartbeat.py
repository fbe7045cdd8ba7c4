"""A worker's sign of life while it computes: renews its lease, shows what it does, and ends it where the lease was lost."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from mgld_bench.engine.executors.claiming import Claim
from mgld_bench.engine.executors.queue import Queue
from mgld_bench.engine.executors.staff import report_in
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError

LOST: Final = 75
"""The exit code of a worker whose units have gone to somebody else: a temporary failure, by the numbers of sysexits."""


class Doing(Silent):
    """Progress that only remembers how far a unit is."""

    def __init__(self) -> None:
        self._label, self._done, self._total = "", 0, 0
        self.lines: list[str] = []

    @property
    def text(self) -> str:
        """What is being done, and how far it is: "restore bicubic reds4 000: 34 of 100 frames"; "" for nothing."""
        return f"{self._label}: {self._done} of {self._total} frames" if self._label and self._total else self._label

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        """See `Progress`."""
        self._done, self._total = 0, frames

    def unit(self, label: str) -> None:
        """See `Progress`."""
        self._label = label

    def found(self, frames: int) -> None:
        """See `Progress`."""
        self._done += frames

    def advance(self, frames: int) -> None:
        """See `Progress`."""
        self._done += frames

    def log(self, line: str) -> None:
        """See `Progress`."""
        self.lines.append(line)

    def stop(self) -> None:
        """See `Progress`."""
        self._label = ""


@contextmanager
def heartbeat(store: Store, queue: Queue, claim: Claim, doing: Doing, interval: float) -> Iterator[None]:
    """Renew the lease of ``claim`` every ``interval`` seconds while the block runs.

    A process that was suspended, or cut off from the database, for longer than its lease ends at once: its units are somebody
    else's, and what it writes now would be in their way.
    """
    over = threading.Event()

    def beat() -> None:
        while not over.wait(interval):
            try:
                held = queue.renew(claim)
                report_in(store, claim.worker, doing.text)
            except InputError as error:
                # The database has been away for longer than a lease.
                _end(f"{claim.text}: {error}")
            if not held and not over.is_set():
                _end(f"{claim.text}: its lease was not renewed in time, and it was given to another worker")

    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _end(why: str) -> None:
    sys.stderr.write(f"mgld-bench worker: {why}; this worker ends, nothing is lost\n")
    sys.stderr.flush()
    os._exit(LOST)
