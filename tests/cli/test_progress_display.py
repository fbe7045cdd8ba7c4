"""Progress and its estimate, for frames that come one by one, segment by segment, or were there before."""

from __future__ import annotations

import io
import re
import time

import pytest
from rich.console import Console

from mgld_bench.cli import display
from mgld_bench.cli.display import BURST, Pace
from mgld_bench.engine.progress import resumed_steps


@pytest.mark.parametrize("seconds", [0.01, 1.0, 60.0])
def test_frames_that_come_one_by_one(seconds: float) -> None:
    pace = Pace(1000, 0.0)
    for index in range(1, 501):
        pace.advance(1, index * seconds)
    assert pace.left(500 * seconds) == pytest.approx(500 * seconds, rel=0.05)
    # While nothing comes, the estimate falls.
    assert pace.left(500 * seconds + BURST) == pytest.approx(500 * seconds - BURST, rel=0.05)


def test_frames_that_come_segment_by_segment() -> None:
    """One hundred seconds for five frames, which then come within a few milliseconds."""
    pace = Pace(50, 0.0)
    assert pace.left(50.0) is None
    for segment in (1, 2, 3):
        for frame in range(5):
            now = 100.0 * segment + 0.002 * frame
            pace.advance(1, now)
            expected = None if segment == 1 else 100.0 * (10 - segment)
            assert pace.left(now) == (expected if expected is None else pytest.approx(expected, abs=0.5))
        assert pace.left(100.0 * segment + 30) == pytest.approx(100.0 * (10 - segment) - 30, abs=0.5)


def test_frames_that_were_there_before_say_nothing_about_the_pace() -> None:
    pace = Pace(100, 0.0)
    pace.found(60)
    pace.advance(10, 50.0)
    assert pace.left(51.0) == pytest.approx(5.0 * 30 - 1)


def test_an_estimate_is_never_below_zero() -> None:
    pace = Pace(2, 0.0)
    pace.advance(1, 1.0)
    assert pace.left(100.0) == 0


class Clock:
    """In place of time.monotonic."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture(params=[False, True], ids=["log", "terminal"])
def console(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Console:
    """What progress_display() writes to."""
    made = Console(file=io.StringIO(), force_terminal=request.param, width=120)
    monkeypatch.setattr(display, "TerminalConsole", lambda stderr: made)
    return made


def test_a_resumed_clip_is_told_with_what_is_there_and_an_estimate_of_the_rest(console: Console, clock: Clock) -> None:
    progress = display.progress_display()
    progress.start("restore", 40)
    progress.unit("method clip")
    advance = resumed_steps(progress)
    advance(15, 40)
    for index in range(16, 26):
        clock.now = 20.0 * ((index - 11) // 5)
        advance(index, 40)
    if console.is_terminal:
        # Bars are drawn again and again; the last picture counts.
        progress.log("")
        clock.now += 1
        progress._bars.refresh()  # type: ignore[attr-defined]
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", console.file.getvalue())  # type: ignore[attr-defined]
    progress.stop()
    if console.is_terminal:
        assert "25/40" in text
        assert "about 59 s left" in text
    else:
        assert text.splitlines() == [
            "restore: 40 frames to do",
            "restore: method clip (0 of 40 frames done)",
            "restore: 15 frames were there already",
            "restore: 16 of 40 frames",
            "restore: 21 of 40 frames, about 1 min 0 s left",
        ]
