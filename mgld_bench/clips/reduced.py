"""A clip whose frames are smaller than those it is read from, by MATLAB's bicubic with anti-aliasing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mgld_bench.clips.bicubic import resize_bicubic, to_levels
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import text_digest
from mgld_bench.errors import InputError


class ReducedClip(Clip):
    """Gives the frames of another clip with its sides divided by a whole number."""

    def __init__(self, clip: Clip, times: int) -> None:
        """Raises InputError where the sides of ``clip`` are no multiples of ``times``."""
        if clip.height % times or clip.width % times:
            raise InputError(f"{clip.path}: frames are {clip.width}x{clip.height}, which cannot be reduced {times} times exactly")
        self._clip = clip
        self._times = times
        self.path = clip.path
        self.facts = replace(clip.facts, height=clip.height // times, width=clip.width // times)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`; values are rounded once, half away from zero."""
        for frame in self._clip.frames(start, stop):
            yield to_levels(resize_bicubic(frame, self.height, self.width))

    def digest(self) -> str:
        """See `Clip.digest`: of the stored content, and of how many times it is reduced."""
        return text_digest({"clip": self._clip.digest(), "reduced": self._times})
