"""A clip made by rule, for measurements that need frames but no pictures of anything."""

from __future__ import annotations

from typing import Final

import numpy as np
from scipy.ndimage import gaussian_filter

from mgld_bench.clips.array import ArrayClip

SEED: Final = 20240719
_BLUR: Final = 1.5
"""Standard deviation in pixels: fine structure, as in a picture, and not the noise that no optical flow can follow."""
_STEP: Final = (1, 2)
"""Rows down and columns right from frame to frame."""


def moving_texture(frames: int, height: int, width: int) -> ArrayClip:
    """``frames`` frames of (height, width, 3) uint8: smooth coloured noise that moves by whole pixels and wraps around."""
    noise = np.random.default_rng(SEED).random((height, width, 3))
    smooth = gaussian_filter(noise, (_BLUR, _BLUR, 0), mode="wrap")
    levels = (smooth - smooth.min()) / np.ptp(smooth) * 255
    picture = np.round(levels).astype(np.uint8)
    rows, columns = _STEP
    moved = [np.roll(picture, (rows * index, columns * index), axis=(0, 1)) for index in range(frames)]
    return ArrayClip("moving-texture", np.stack(moved))
