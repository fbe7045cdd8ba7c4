"""What a clip is: a named sequence of 8-bit RGB frames that can be streamed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Frame: TypeAlias = npt.NDArray[np.uint8]
"""One frame: (height, width, 3) uint8, RGB, C-contiguous."""


@dataclass(frozen=True)
class ClipFacts:
    """What is known about a clip before a frame of it is decoded."""

    name: str
    frame_count: int
    height: int
    width: int
    frame_names: tuple[str, ...]
    """One per frame, in order: the file's stem, or %08d for a video."""
    lossy: bool
    """True where the frames were stored with lossy compression (jpg, most videos)."""
    conversion: Mapping[str, str] = field(default_factory=dict)
    """How the stored samples become 8-bit RGB, e.g. {"matrix": "bt601", "range": "limited"}; empty where they are RGB already."""


class Clip(ABC):
    """A clip that is read as a stream; memory does not grow with its length."""

    facts: ClipFacts
    path: Path | None
    """The folder or file it is read from; None for frames in memory."""

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

    @abstractmethod
    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """Frames start .. stop - 1 in order, decoded one at a time. Raises InputError that names the broken file."""

    @abstractmethod
    def digest(self) -> str:
        """sha256 (hex) of the stored content: file names in order and their bytes; the path plays no part."""

    def frame(self, index: int) -> Frame:
        """The frame at ``index`` (from 0)."""
        return next(self.frames(index, index + 1))
