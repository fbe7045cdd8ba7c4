"""Progress reporting for long-running work: a protocol that a terminal, a log and a test each implement."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Receives what the work reports."""

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        """A stage (pairs, restore, score) with this many frames of work begins; ``what``: of what the work is, if not frames."""

    def unit(self, label: str) -> None:
        """Work on this unit begins."""

    def found(self, frames: int) -> None:
        """Frames of the stage that are there from an earlier run: done, but no measure of how long the rest will take."""

    def advance(self, frames: int) -> None:
        """This many more frames of the stage are done."""

    def log(self, line: str) -> None:
        """One line for the user."""

    def stop(self) -> None:
        """The stage is over."""


class Silent:
    """Progress that reports nothing."""

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        """Nothing."""

    def unit(self, label: str) -> None:
        """Nothing."""

    def found(self, frames: int) -> None:
        """Nothing."""

    def advance(self, frames: int) -> None:
        """Nothing."""

    def log(self, line: str) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


@contextmanager
def stage(progress: Progress, name: str, frames: int, what: str = "frames") -> Iterator[None]:
    """A stage of the work; it also ends when an error or Ctrl-C ends it, so that a terminal is left as it was."""
    progress.start(name, frames, what)
    try:
        yield
    finally:
        progress.stop()


def steps(progress: Progress) -> Callable[[int, int], None]:
    """A callback (frames done, frames in all) that advances ``progress`` by what has been done since the last call."""
    seen = 0

    def advance(done: int, _total: int) -> None:
        nonlocal seen
        progress.advance(done - seen)
        seen = done

    return advance


def resumed_steps(progress: Progress) -> Callable[[int, int], None]:
    """Like steps(), for work that may be resumed: what the first call reports was there before."""
    further = steps(progress)
    seen: int | None = None

    def advance(done: int, total: int) -> None:
        nonlocal seen
        if seen is None:
            seen = done
            if done:
                progress.found(done)
        further(done - seen, total)

    return advance
