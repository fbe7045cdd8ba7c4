"""The colour conversions of RealVSR, whose network works on Y, Cb, Cr."""

from __future__ import annotations

from typing import Final

import numpy as np
import torch
from torch import Tensor

from mgld_bench.clips.clip import Frame

_FROM_RGB: Final = (
    (65.481, 128.553, 24.966),
    (-37.797, -74.203, 112.0),
    (112.0, -93.786, -18.214),
)
"""BT.601, studio range: Y, Cb and Cr from red, green and blue, each times 255."""
_OFFSETS: Final = (16.0, 128.0, 128.0)

_TO_RGB: Final = (
    (0.00456621, 0.0, 0.00625893),
    (0.00456621, -0.00153632, -0.00318811),
    (0.00456621, 0.00791071, 0.0),
)
"""Red, green and blue from Y, Cb and Cr, each divided by 255. Rounded by the authors (kept): not the exact inverse."""
_RGB_OFFSETS: Final = (-222.921, 135.576, -276.836)


def rgb_to_ycbcr(frame: Frame) -> Frame:
    """``frame`` (h, w, 3) uint8 RGB as Y, Cb, Cr, (h, w, 3) uint8, rounded half to even.

    Y lies in 16..235, Cb and Cr in 16..240. Source: rgb2ycbcr in codes/data/util.py of IanYeung/RealVSR.
    """
    levels = frame.astype(np.float64) @ np.array(_FROM_RGB).T / 255 + np.array(_OFFSETS)
    rounded: Frame = np.rint(levels).astype(np.uint8)
    return rounded


def ycbcr_to_rgb(pictures: Tensor) -> Tensor:
    """``pictures`` (.., 3, h, w) float32 Y, Cb, Cr, studio range divided by 255, as RGB; nothing is clamped.

    Source: ycbcr2rgb in codes/data/util.py of IanYeung/RealVSR.
    """
    y, cb, cr = (255 * pictures).unbind(-3)
    planes = [
        (255 * (from_y * y + from_cb * cb + from_cr * cr) + offset) / 255
        for (from_y, from_cb, from_cr), offset in zip(_TO_RGB, _RGB_OFFSETS, strict=True)
    ]
    return torch.stack(planes, -3)
