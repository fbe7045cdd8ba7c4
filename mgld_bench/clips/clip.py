"""What a clip is: a named sequence of 8-bit RGB frames that can be streamed; and a clip whose frames are in memory."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from mgld_bench.errors import InputError

Frame: TypeAlias = npt.NDArray[np.uint8]
"""One frame: (height, width, 3) uint8, RGB, C-contiguous."""
FramesDone: TypeAlias = Callable[[int, int], None]
"""Called with the frames that are done so far and their total."""


@dataclass(frozen=True)
class ClipFacts:
    """What is known about a clip before any frame is decoded."""

    name: str
    frame_count: int
    height: int
    width: int
    frame_names: tuple[str, ...]
    """One per frame, in order: the file's stem, or %08d for a video."""
    lossy: bool
    """Whether the frames were stored with lossy compression (JPEG, most videos)."""
    conversion: Mapping[str, str] = field(default_factory=dict)
    """How the stored samples become 8-bit RGB, e.g. {"matrix": "bt601", "range": "limited"}; empty where they are RGB."""
    numbered_from: tuple[int, ...] = ()
    """The number in the name of the first frame; a second one where it was copied from a clip that is numbered differently. Empty
    for a video, for frames in memory and for names without numbers."""


@dataclass(frozen=True)
class ClipSize:
    """How much a clip is, for work that is planned before the clip is there."""

    name: str
    frame_count: int
    height: int
    width: int


class Clip(ABC):
    """A clip that is read as a stream: memory does not grow with its length."""

    facts: ClipFacts
    path: Path | None
    """The folder or file that it is read from; None for frames in memory."""

    @property
    def name(self) -> str:
        """The clip's name."""
        return self.facts.name

    @property
    def frame_count(self) -> int:
        """The number of frames."""
        return self.facts.frame_count

    @property
    def height(self) -> int:
        """Rows of every frame."""
        return self.facts.height

    @property
    def width(self) -> int:
        """Columns of every frame."""
        return self.facts.width

    @property
    def size(self) -> ClipSize:
        """Its name, number of frames, rows and columns."""
        return ClipSize(self.name, self.frame_count, self.height, self.width)

    @abstractmethod
    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames start .. stop - 1 (None: to the end) in order, decoded one at a time.

        Raises:
            InputError: The clip lacks some of these frames, or a file is damaged (the message names it).
        """

    @abstractmethod
    def digest(self) -> str:
        """sha256 (hex) of the stored content, whatever its path: file names in order and the bytes of the files."""

    def frame(self, index: int) -> Frame:
        """The frame at ``index`` (from 0)."""
        return next(self.frames(index, index + 1))


class ArrayClip(Clip):
    """Frames in memory as a clip."""

    def __init__(self, name: str, frames: npt.NDArray[np.uint8]) -> None:
        """``frames``: (T, H, W, 3) uint8 RGB, not empty; not copied. Raises InputError for any other shape or type."""
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape:
            raise InputError(f"clip {name}: frames must be (frames, height, width, 3) uint8, not {frames.shape} {frames.dtype}")
        self._frames = frames
        self.path = None
        names = tuple(f"{index:08d}" for index in range(frames.shape[0]))
        self.facts = ClipFacts(name, frames.shape[0], frames.shape[1], frames.shape[2], names, lossy=False)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`; each frame is a copy."""
        return (np.array(self._frames[index], order="C") for index in frame_range(self.facts, start, stop))

    def digest(self) -> str:
        """sha256 (hex) of the shape and the frames' bytes."""
        digest = hashlib.sha256(repr(self._frames.shape).encode())
        for frame in self._frames:
            digest.update(np.ascontiguousarray(frame).data)
        return digest.hexdigest()


def frame_range(facts: ClipFacts, start: int, stop: int | None) -> range:
    """The indices start .. stop - 1 (None: to the end). Raises InputError where the clip lacks some of them."""
    end = facts.frame_count if stop is None else stop
    if not 0 <= start <= end <= facts.frame_count:
        raise InputError(f"clip {facts.name} has {facts.frame_count} frames: frames {start} to {end - 1} cannot be read")
    return range(start, end)
