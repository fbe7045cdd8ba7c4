"""What a program needs around a clip, and what it does to the result: added before, taken away after, so that nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np
from pydantic import Field, model_validator

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.errors import InputError
from mgld_bench.plain_data import PlainData


class Margins(PlainData):
    """What the card of a program states of the sizes that it takes and gives. Rows before columns, first before last."""

    multiple: tuple[int, int] = (1, 1)
    """LR rows and columns have to be multiples of these; frames are filled up at the bottom and at the right."""
    border: int = Field(default=0, ge=0)
    """LR pixels that are added on every side beside that."""
    fill: Literal["reflect", "edge"] = "reflect"
    """With what: the mirrored picture, or its outermost pixels."""
    frames_multiple: int = Field(default=1, ge=1)
    frames_plus: int = Field(default=0, ge=0)
    """It takes frames_multiple * n + frames_plus frames (8n + 1, say); the last frame is repeated."""
    frames_lost: tuple[int, int] = (0, 0)
    """Frames at the beginning and at the end of what it was given that its result does not have; first and last are repeated."""
    cut: tuple[int, int, int, int] = (0, 0, 0, 0)
    """Pixels that its result lacks at the top, left, bottom and right."""
    shift: tuple[int, int] = (0, 0)
    """Pixels by which the picture lies too far down and too far to the right in its result."""

    @model_validator(mode="after")
    def _can_be_undone(self) -> Margins:
        if min(*self.multiple, 1) < 1 or min(*self.frames_lost, *self.cut) < 0:
            raise ValueError("multiples are at least 1, lost frames and cut pixels at least 0")
        return self

    def check_border(self, scale: int) -> None:
        """Raise ValueError where cut and shift take pixels of the clip itself, whose frames become ``scale`` times larger."""
        top, left, bottom, right = self.cut
        down, across = self.shift
        reach = max(top - down, left - across, bottom + down, right + across)
        if reach > scale * self.border:
            least = -(-reach // scale)
            raise ValueError(f"cut and shift reach {reach} pixels into the picture: border has to be at least {least}")


@dataclass(frozen=True)
class Fitted:
    """A clip's sizes with its margins."""

    clip: ClipSize
    margins: Margins
    height: int
    width: int
    """Rows and columns that the program is given."""
    before: int
    after: int
    """Frames that are added before the first and after the last."""

    @property
    def frame_count(self) -> int:
        """Frames that the program is given."""
        return self.before + self.clip.frame_count + self.after

    def given(self, clip: Clip) -> Iterator[Frame]:
        """The frames that the program is given, (height, width, 3) uint8."""
        border = self.margins.border
        rows = border, self.height - border - clip.height
        columns = border, self.width - border - clip.width
        last = clip.frame_count - 1
        for index, frame in enumerate(clip.frames()):
            padded = np.pad(frame, (rows, columns, (0, 0)), self.margins.fill)
            times = 1 + (self.before if index == 0 else 0) + (self.after if index == last else 0)
            for _ in range(times):
                yield padded

    def taken(self, result: Clip, scale: int) -> Iterator[Frame]:
        """The restored frames of the clip alone: (scale * height, scale * width, 3) uint8.

        Raises:
            InputError: the result has not the frames or the size that it has to have.
        """
        lost_first, lost_last = self.margins.frames_lost
        frames = self.frame_count - lost_first - lost_last
        if result.frame_count != frames:
            raise InputError(
                f"{_file(result)} has {result.frame_count} frames; of {self.frame_count} given it has to have {frames}"
            )
        top, left, bottom, right = self.margins.cut
        height, width = scale * self.height - top - bottom, scale * self.width - left - right
        if (result.height, result.width) != (height, width):
            raise InputError(
                f"{_file(result)} is {result.width}x{result.height}, of {self.width}x{self.height} given it has to be "
                f"{width}x{height}; where the program cuts or pads, its card has to state it under margins"
            )
        down, across = self.margins.shift
        first_row = scale * self.margins.border - top + down
        first_column = scale * self.margins.border - left + across
        for frame in islice(result.frames(self.before - lost_first), self.clip.frame_count):
            rows = frame[first_row : first_row + scale * self.clip.height]
            yield np.ascontiguousarray(rows[:, first_column : first_column + scale * self.clip.width])


def fit(clip: ClipSize, margins: Margins) -> Fitted:
    """The sizes of ``clip`` with its ``margins``."""
    rows, columns = margins.multiple
    height, width = (size + 2 * margins.border for size in (clip.height, clip.width))
    before, after = margins.frames_lost
    count = before + clip.frame_count + after
    after += (margins.frames_plus - count) % margins.frames_multiple
    return Fitted(clip, margins, -(-height // rows) * rows, -(-width // columns) * columns, before, after)


def _file(result: Clip) -> str:
    """What the program left; its folder is temporary."""
    return f"its result {result.path.name}" if result.path is not None else "its result"
