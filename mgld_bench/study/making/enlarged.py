"""An LR clip at the size of the restored ones, so that it can stand beside them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Literal

import cv2
import numpy as np

from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import text_digest

Enlarging = Literal["bicubic", "nearest"]


class EnlargedClip(Clip):
    """The frames of a clip, resized one by one."""

    def __init__(self, clip: Clip, height: int, width: int, how: Enlarging) -> None:
        """``bicubic`` is that of the method Bicubic (MATLAB's imresize), ``nearest`` shows every LR pixel as a block."""
        self._clip = clip
        self._how = how
        self.path = clip.path
        self.facts = replace(clip.facts, height=height, width=width)

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`."""
        for frame in self._clip.frames(start, stop):
            yield self._enlarged(frame)

    def digest(self) -> str:
        """Of the LR clip and of how it is enlarged."""
        return text_digest({"enlarged": self._clip.digest(), "to": [self.height, self.width], "how": self._how})

    def _enlarged(self, frame: Frame) -> Frame:
        if self._how == "nearest":
            resized = cv2.resize(frame, (self.width, self.height), interpolation=cv2.INTER_NEAREST_EXACT)
            return np.ascontiguousarray(resized, dtype=np.uint8)
        exact = resize_bicubic(frame, self.height, self.width)
        return np.ascontiguousarray(np.clip(np.floor(exact + 0.5), 0, 255).astype(np.uint8))
