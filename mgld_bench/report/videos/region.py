"""The part of a clip that is shown exactly where whole frames would take too much room."""

from __future__ import annotations

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import Clip
from mgld_bench.report.collect.data import PictureSource

WIDTH: Final = 320
HEIGHT: Final = 192
"""Of the part, in pixels of the ground truth."""
_SMALL: Final = 1.7 * WIDTH * HEIGHT
"""Clips with no more pixels are shown whole: up to 352x288 (CIF)."""
_SAMPLES: Final = (1 / 6, 1 / 2, 5 / 6)
"""Where in a clip frames are looked at."""
_MOST: Final = 48.0
"""What one pixel can count, so that a single edge of high contrast does not decide."""
REVISION: Final = 1


def is_small(width: int, height: int) -> bool:
    """Whether a clip is shown whole."""
    return width * height <= _SMALL


def find_region(source: PictureSource) -> Crop:
    """The rectangle in which the ground truth has most of what enlarging LR cannot give back: there, methods have to differ.

    It depends on the pair only, so that a further method leaves the crops of all others as they are. Without ground truth: where
    LR has most texture; without LR: where the ground truth, or else the first restored clip, has. The corner and the sides are
    whole LR pixels.

    Raises:
        InputError: A frame cannot be read.
    """
    full = source.full
    low, truth = (full, None) if source.low_resolution is None else (source.low_resolution, source.ground_truth)
    scale = max(1, full.width // low.width)
    total = sum(_map(low.frame(index), truth, index) for index in _indices(low))
    detail = np.asarray(total)
    rows, columns = min(detail.shape[0], HEIGHT // scale), min(detail.shape[1], WIDTH // scale)
    top, left = _densest(detail, rows, columns)
    return Crop(top=top * scale, left=left * scale, height=rows * scale, width=columns * scale)


def in_side(region: Crop, clip: Clip, width: int, height: int) -> Crop | None:
    """The region in pixels of one side; None where that side's size is not that of the full clip, divided by a whole number.

    Args:
        region: In pixels of the full clip, which is ``width`` x ``height``.
        clip: The side.
    """
    scale = max(1, width // clip.width)
    fields = (region.top, region.left, region.height, region.width)
    if (scale * clip.width, scale * clip.height) != (width, height) or any(value % scale for value in fields):
        return None
    top, left, rows, columns = (value // scale for value in fields)
    return Crop(top=top, left=left, height=rows, width=columns)


def _indices(clip: Clip) -> list[int]:
    return sorted({int(clip.frame_count * place) for place in _SAMPLES})


def _map(low: npt.NDArray[np.uint8], truth: Clip | None, index: int) -> npt.NDArray[np.float64]:
    """What counts at each LR pixel."""
    grey = cv2.cvtColor(low, cv2.COLOR_RGB2GRAY)
    if truth is None or index >= truth.frame_count:
        down, right = np.gradient(grey.astype(np.float64)) if min(grey.shape) > 1 else (np.zeros(grey.shape),) * 2
        return np.minimum(np.hypot(down, right), _MOST)
    original = cv2.cvtColor(truth.frame(index), cv2.COLOR_RGB2GRAY)
    enlarged = cv2.resize(grey, (truth.width, truth.height), interpolation=cv2.INTER_CUBIC)
    lost = np.minimum(np.abs(original.astype(np.float32) - enlarged.astype(np.float32)), _MOST)
    return np.asarray(cv2.resize(lost, (low.shape[1], low.shape[0]), interpolation=cv2.INTER_AREA), dtype=np.float64)


def _densest(detail: npt.NDArray[np.float64], rows: int, columns: int) -> tuple[int, int]:
    """Row and column of the corner of the window with the largest sum; of equals the topmost, then the leftmost."""
    sums = np.asarray(cv2.integral(detail))
    windows = sums[rows:, columns:] - sums[rows:, :-columns] - sums[:-rows, columns:] + sums[:-rows, :-columns]
    # Rounded, because equal areas differ in the last bits of their sums.
    top, left = np.unravel_index(np.argmax(np.round(windows, 3)), windows.shape)
    return int(top), int(left)
