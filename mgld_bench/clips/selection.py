"""A part of a clip, as a clip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.frame_range import frame_range
from mgld_bench.errors import InputError


def select_frames(clip: Clip, first: int, count: int, crop: Crop | None = None, name: str | None = None) -> Clip:
    """A view of ``count`` frames of ``clip`` from index ``first`` on, each cut to ``crop``.

    Raises InputError where the clip lacks some of the frames or the crop does not lie inside them.
    """
    if first < 0 or count < 1 or first + count > clip.frame_count:
        raise InputError(
            f"clip {clip.name} has {clip.frame_count} frames: {count} from frame {first} on cannot be taken "
            f"({clip.path or 'in memory'})"
        )
    if crop is not None and (crop.top + crop.height > clip.height or crop.left + crop.width > clip.width):
        raise InputError(
            f"clip {clip.name} is {clip.width}x{clip.height}: a crop of {crop.width}x{crop.height} at left {crop.left}, "
            f"top {crop.top} reaches outside ({clip.path or 'in memory'})"
        )
    return SelectedClip(clip, first, count, crop, clip.name if name is None else name)


class SelectedClip(Clip):
    """What select_frames() returns."""

    def __init__(self, clip: Clip, first: int, count: int, crop: Crop | None, name: str) -> None:
        self._clip = clip
        self._first = first
        self._crop = crop
        self.path = clip.path
        self.facts = replace(
            clip.facts,
            name=name,
            frame_count=count,
            height=clip.height if crop is None else crop.height,
            width=clip.width if crop is None else crop.width,
            frame_names=clip.facts.frame_names[first : first + count],
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See Clip.frames."""
        wanted = frame_range(self.facts, start, stop)
        return self._cut(self._clip.frames(self._first + wanted.start, self._first + wanted.stop))

    def digest(self) -> str:
        """sha256 (hex) of the source's digest and of what is taken from it."""
        crop = None if self._crop is None else self._crop.model_dump()
        return text_digest([self._clip.digest(), self._first, self.frame_count, crop])

    def _cut(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if self._crop is None:
                yield frame
            else:
                top, left = self._crop.top, self._crop.left
                yield np.ascontiguousarray(frame[top : top + self._crop.height, left : left + self._crop.width])
