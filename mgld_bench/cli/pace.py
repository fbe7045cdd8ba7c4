"""An estimate of how long the rest of a stage will take, from its pace so far."""

from __future__ import annotations

from typing import Final

BURST: Final = 0.2
"""Seconds within which frames belong to one arrival: methods that restore a segment at a time return its frames all at once."""


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
