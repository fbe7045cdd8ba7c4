"""Progress for people, with an estimate of the time left: bars on a terminal, plain lines in a log, both on standard error."""

from __future__ import annotations

import time
from typing import Final

from rich.progress import BarColumn, MofNCompleteColumn, ProgressColumn, Task, TaskID, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.text import Text

from mgld_bench.cli.console import TerminalConsole
from mgld_bench.engine.progress import Progress, Silent

LOG_INTERVAL = 10.0
"""Seconds between two lines about the same unit in a log."""
BURST: Final = 0.2
"""Seconds within which frames belong to one arrival: methods that restore a segment at a time return its frames all at once."""


def progress_display(quiet: bool = False) -> Progress:
    """Progress as bars where standard error is a terminal, else as plain lines; nothing where it is to be ``quiet``."""
    if quiet:
        return Silent()
    console = TerminalConsole(stderr=True)
    return _Terminal(console) if console.is_terminal else _Log(console)


class Pace:
    """Frames of a stage as they arrive. Times are seconds of one clock.

    The rate is taken where an arrival is complete: in the middle of one, most of its frames would be missing.
    """

    def __init__(self, frames: int, now: float) -> None:
        """A stage of so many ``frames`` begins at ``now``."""
        self._began = self._last = self._arrival = now
        self._left_over = frames
        """Frames still to come."""
        self._worked = 0
        self._complete = (0, now)
        """Frames done in this run and when the last of them came, at the end of the previous arrival."""

    def found(self, frames: int) -> None:
        """This many frames were there before, and took no time."""
        self._left_over -= frames

    def advance(self, frames: int, now: float) -> None:
        """This many more frames are done."""
        if now - self._arrival >= BURST:
            self._complete, self._arrival = (self._worked, self._last), now
        self._worked += frames
        self._left_over -= frames
        self._last = now

    def left(self, now: float) -> float | None:
        """Seconds until the end; None before the first arrival is complete."""
        worked, at = (self._worked, self._last) if now - self._arrival >= BURST else self._complete
        if not worked:
            return None
        return max(0.0, (at - self._began) / worked * (self._left_over + self._worked - worked) - (now - at))


class _TimeLeft(ProgressColumn):
    """The estimate of a pace. Rich's own forgets what is older than half a minute, and a segment may take longer."""

    def __init__(self, pace: Pace) -> None:
        super().__init__()
        self._pace = pace

    def render(self, task: Task) -> Text:
        """See rich."""
        left = None if task.finished else self._pace.left(time.monotonic())
        return Text("" if left is None else f"about {duration(left)} left")


class _Terminal:
    """One bar per stage, with the current unit and the time left."""

    def __init__(self, console: TerminalConsole) -> None:
        self._console = console
        self._bars: Bars | None = None
        self._pace = Pace(0, 0.0)
        self._task = TaskID(0)

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        if not frames:
            return
        self._pace = Pace(frames, time.monotonic())
        columns = (
            TextColumn("{task.description:8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn(what),
            TimeElapsedColumn(),
            _TimeLeft(self._pace),
            TextColumn("{task.fields[unit]}"),
        )
        self._bars = Bars(*columns, console=self._console)
        self._task = self._bars.add_task(stage, total=frames, unit="")
        self._bars.start()

    def unit(self, label: str) -> None:
        if self._bars is not None:
            self._bars.update(self._task, unit=label)

    def found(self, frames: int) -> None:
        self._pace.found(frames)
        self._show(frames)

    def advance(self, frames: int) -> None:
        self._pace.advance(frames, time.monotonic())
        self._show(frames)

    def log(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def stop(self) -> None:
        if self._bars is not None:
            self._bars.update(self._task, unit="")
            self._bars.stop()
        self._bars = None

    def _show(self, frames: int) -> None:
        if self._bars is not None:
            self._bars.advance(self._task, frames)


class _Log:
    """A line when a stage or unit begins, and then at most one every LOG_INTERVAL seconds."""

    def __init__(self, console: TerminalConsole) -> None:
        self._console = console
        self._stage, self._total, self._done, self._what = "", 0, 0, "frames"
        self._began = self._logged = 0.0
        self._pace = Pace(0, 0.0)

    def start(self, stage: str, frames: int, what: str = "frames") -> None:
        self._stage, self._total, self._done, self._what = stage, frames, 0, what
        self._began = self._logged = time.monotonic()
        self._pace = Pace(frames, self._began)
        if frames:
            self.log(f"{stage}: {frames} {what} to do")

    def unit(self, label: str) -> None:
        self.log(f"{self._stage}: {label} ({self._done} of {self._total} {self._what} done)")
        self._logged = time.monotonic()

    def found(self, frames: int) -> None:
        self._done += frames
        self._pace.found(frames)
        self.log(f"{self._stage}: {frames} {self._what} were there already")

    def advance(self, frames: int) -> None:
        self._done += frames
        now = time.monotonic()
        self._pace.advance(frames, now)
        if now - self._logged >= LOG_INTERVAL and self._done:
            left = self._pace.left(now)
            estimate = "" if left is None else f", about {duration(left)} left"
            self.log(f"{self._stage}: {self._done} of {self._total} {self._what}{estimate}")
            self._logged = now

    def log(self, line: str) -> None:
        self._console.print(line, highlight=False, markup=False, soft_wrap=True)

    def stop(self) -> None:
        if self._total:
            spent = duration(time.monotonic() - self._began)
            self.log(f"{self._stage}: {self._done} of {self._total} {self._what} done in {spent}")


def duration(seconds: float) -> str:
    """A duration for people.

    >>> duration(200)
    '3 min 20 s'
    """
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"


def size(count: float) -> str:
    """A number of bytes for people.

    >>> size(3.4e9)
    '3.4 GB'
    """
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} GB"
