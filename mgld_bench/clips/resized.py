"""A clip whose frames are brought to a short side as they are read: a step that a protocol may declare before scoring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import Clip, Frame


class ResizedClip(Clip):
    """Another clip's frames, resized by MATLAB's bicubic kernel, rounded to 8 bits."""

    def __init__(self, clip: Clip, short_side: int) -> None:
        """``short_side``: pixels; the long side keeps the shape and is rounded down, as PyTorch's interpolate does."""
        self._clip = clip
        self.path = clip.path
        shorter = min(clip.height, clip.width)
        height, width = (side * short_side // shorter for side in (clip.height, clip.width))
        self.scale = short_side / shorter
        """By what a distance in pixels of the clip has to be multiplied."""
        step = {"resized": f"to a short side of {short_side} pixels"}
        self.facts = replace(clip.facts, height=height, width=width, conversion={**clip.facts.conversion, **step})

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`."""
        for frame in self._clip.frames(start, stop):
            resized = resize_bicubic(frame, self.height, self.width)
            yield np.ascontiguousarray(np.clip(np.rint(resized), 0, 255).astype(np.uint8))

    def digest(self) -> str:
        """That of the clip as it is stored; how its frames are made is in ``facts.conversion``."""
        return self._clip.digest()


def in_short_side(clip: Clip, short_side: int | None) -> Clip:
    """The clip with frames of this short side: itself where it has it already, or where none is asked for."""
    return clip if short_side in (None, min(clip.height, clip.width)) else ResizedClip(clip, short_side or 0)


def scaled_shift(shift: tuple[float, float], clip: Clip) -> tuple[float, float]:
    """A shift in pixels of a clip, in pixels of its resized frames."""
    scale = clip.scale if isinstance(clip, ResizedClip) else 1.0
    return shift[0] * scale, shift[1] * scale
