"""Writes frames behind the back of the computation."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import Final

_WAITING: Final = 4
"""Frames that may wait to be written; then the computation waits."""


class BackgroundWriter:
    """Runs write jobs one after the other in a thread of its own; at most four wait.

    An error of a job is raised by the next put(), or on leaving ``with``. Jobs that were put are finished even when the ``with``
    block is left by an exception such as KeyboardInterrupt.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="frame-writer")
        self._pending: deque[Future[None]] = deque()

    def __enter__(self) -> BackgroundWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(wait=True)
        if kind is None:
            self._collect(0)

    def put(self, job: Callable[[], None]) -> None:
        """Have ``job`` run; waits while too many are waiting."""
        self._collect(_WAITING - 1)
        self._pending.append(self._pool.submit(job))

    def _collect(self, allowed: int) -> None:
        while self._pending and (len(self._pending) > allowed or self._pending[0].done()):
            self._pending.popleft().result()
