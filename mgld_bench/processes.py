"""Worker processes that never outlive the block that uses them."""

from __future__ import annotations

import ctypes
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Final

from mgld_bench.threads import share_of_threads, use_threads

_PR_SET_PDEATHSIG: Final = 1
"""The request of prctl(2) for a signal at the death of the parent."""


@contextmanager
def worker_processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """A pool of ``count`` fresh (spawned) processes for the duration of a ``with`` block.

    On a terminal Ctrl-C reaches every process of the group; the workers ignore it, so that one traceback, the parent's, is
    printed. Leaving the block, for whatever reason, cancels what is still queued and terminates the workers, even in the middle
    of a task. What is submitted has to be picklable: functions of a module, plain data.

    Raises:
        concurrent.futures.process.BrokenProcessPool: from the futures, where a worker was killed.
    """
    earlier = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        count,
        _Spawning(),
        initializer=prepare_worker,
        initargs=(share_of_threads(count) if count > 1 else None,),
    )
    try:
        yield executor
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
        for child in set(multiprocessing.active_children()) - earlier:
            child.terminate()


class WorkerProcess(SpawnProcess):
    """A spawned process whose start Ctrl-C cannot tear apart: until `prepare_worker` has run, interrupts are held back in it."""

    def start(self) -> None:
        """Start it; it inherits the mask of signals."""
        if not hasattr(signal, "pthread_sigmask"):
            super().start()
            return
        # It lets interrupts through again when it is started, which must not be in the middle of this.
        resource_tracker.ensure_running()
        earlier = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            super().start()
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, earlier)


class _Spawning(SpawnContext):
    """multiprocessing's way to spawn, with these processes."""

    Process = WorkerProcess


def prepare_worker(threads: int | None) -> None:
    """In a process that was started to work: ignore Ctrl-C, end when the parent does, however that ends, use so many threads."""
    use_threads(threads)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    _killed_with_parent()
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _killed_with_parent() -> None:
    """Let Linux kill this process when its parent ends: at once, also in the middle of a computation that lets no thread run."""
    if sys.platform != "linux":
        return
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid != os.getppid():
        # It has ended before that.
        os._exit(1)


def _end_with_parent() -> None:
    """The same where there is no such service: wait for the parent's end of a pipe to be closed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
