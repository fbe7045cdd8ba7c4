"""A clip whose frames are in memory."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Clip, ClipFacts, Frame
from mgld_bench.clips.frame_range import frame_range
from mgld_bench.errors import InputError


class ArrayClip(Clip):
    """Frames in memory as a clip."""

    def __init__(self, name: str, frames: npt.NDArray[np.uint8]) -> None:
        """``frames``: (T, H, W, 3) uint8 RGB, not empty; not copied. Raises InputError for another shape or type."""
        if frames.dtype != np.uint8 or frames.ndim != 4 or frames.shape[3] != 3 or 0 in frames.shape:
            raise InputError(f"clip {name}: frames must be (frames, height, width, 3) uint8, not {frames.shape} {frames.dtype}")
        self._frames = frames
        self.path = None
        names = tuple(f"{index:08d}" for index in range(frames.shape[0]))
        self.facts = ClipFacts(name, frames.shape[0], frames.shape[1], frames.shape[2], names, lossy=False)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See Clip.frames."""
        return (np.array(self._frames[index], order="C") for index in frame_range(self.facts, start, stop))

    def digest(self) -> str:
        """sha256 (hex) of the shape and the frames' bytes."""
        digest = hashlib.sha256(repr(self._frames.shape).encode())
        for frame in self._frames:
            digest.update(np.ascontiguousarray(frame).data)
        return digest.hexdigest()
