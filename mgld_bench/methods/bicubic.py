"""Bicubic enlargement like MATLAB's imresize: the row that distinguishes one instance of a test set from another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from mgld_bench.clips.bicubic import resize_bicubic, to_levels
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.methods.restorer import Restorer, RestorerOptions


class Bicubic(Restorer[RestorerOptions]):
    """imresize(frame, scale, 'bicubic') of MATLAB, in double precision from start to end, rounded once.

    Keys' kernel with a = -0.5, half-pixel centres, mirrored borders; then clipped to 0..255 and rounded half away from zero,
    as MATLAB converts doubles to uint8. At x4 every kernel weight is a multiple of 1/1024, so sums are exact, ties do occur, and
    all machines give the same bytes. OpenCV and PyTorch use a = -0.75 and repeat the border, which gives different numbers.
    """

    revision: ClassVar[int] = 1
    uses_device: ClassVar[bool] = False

    @classmethod
    def scales(cls, options: RestorerOptions) -> None:
        """Any; at x1 the frames are those of LR."""
        return

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Enlarged frames, one at a time."""
        for frame in clip.frames(start):
            yield enlarge(frame, self.scale)


def enlarge(frame: Frame, scale: int) -> Frame:
    """``frame`` (height, width, 3) uint8, ``scale`` times as high and wide, uint8."""
    height, width = frame.shape[:2]
    return to_levels(resize_bicubic(frame, scale * height, scale * width))
