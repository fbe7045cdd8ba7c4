"""How long work tells what it does: a protocol, so that a terminal, a log and a test can each listen."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol


class Progress(Protocol):
    """Hears of the work as it goes on."""

    def start(self, stage: str, frames: int) -> None:
        """A stage (pairs, restore, score) with this many frames of work begins."""

    def unit(self, label: str) -> None:
        """Work on this unit begins."""

    def found(self, frames: int) -> None:
        """So many frames of the stage are there from an earlier run: done, but no measure of how long the others will take."""

    def advance(self, frames: int) -> None:
        """So many frames more of the stage are done."""

    def say(self, line: str) -> None:
        """Something that the reader of a log should know."""

    def stop(self) -> None:
        """The stage is over."""


class Silent:
    """Progress that tells nobody."""

    def start(self, stage: str, frames: int) -> None:
        """Nothing."""

    def unit(self, label: str) -> None:
        """Nothing."""

    def found(self, frames: int) -> None:
        """Nothing."""

    def advance(self, frames: int) -> None:
        """Nothing."""

    def say(self, line: str) -> None:
        """Nothing."""

    def stop(self) -> None:
        """Nothing."""


@contextmanager
def stage(progress: Progress, name: str, frames: int) -> Iterator[None]:
    """A stage of the work; it is also over when an error or Ctrl-C ends it, so that a terminal is left as it was."""
    progress.start(name, frames)
    try:
        yield
    finally:
        progress.stop()


def steps(progress: Progress) -> Callable[[int, int], None]:
    """A callback of the form (done, total) that advances ``progress`` by what came since the last call."""
    seen = 0

    def tell(done: int, _total: int) -> None:
        nonlocal seen
        progress.advance(done - seen)
        seen = done

    return tell


def resumed_steps(progress: Progress) -> Callable[[int, int], None]:
    """As steps(), for work that may go on where it stopped: what the first call tells was there before."""
    further = steps(progress)
    seen: int | None = None

    def tell(done: int, total: int) -> None:
        nonlocal seen
        if seen is None:
            seen = done
            if done:
                progress.found(done)
        further(done - seen, total)

    return tell
