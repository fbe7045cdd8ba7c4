"""Resizing a frame, and the sizes that a drifting scale gives."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

import cv2
import numpy as np

from mgld_bench.degradation.frames import WorkFrame, to_uint8

Interpolation = Literal["bilinear", "area", "bicubic"]

_FLAGS = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "bicubic": cv2.INTER_CUBIC}


def resize_frame(frame: WorkFrame, mode: Interpolation, height: int, width: int) -> WorkFrame:
    """Resize to (height, width, 3), same dtype (uint8 is rounded and saturated), with OpenCV's conventions.

    Half-pixel centres; bilinear and bicubic (a = -0.75) without anti-aliasing; area: exact box average when shrinking.
    """
    # OpenCV's plain bicubic of uint8 has coefficients of 11 bits: 4 % of the samples are a level off its usual (IPP's) one.
    exact = frame.astype(np.float32) if mode == "bicubic" else frame
    resized = np.asarray(cv2.resize(exact, (width, height), interpolation=_FLAGS[mode]), exact.dtype)
    return resized if resized.dtype == frame.dtype else to_uint8(resized)


def even_sizes(height: int, width: int, scales: Sequence[float]) -> list[tuple[int, int]]:
    """(height, width) for each scale, rounded down to even numbers."""
    return [(2 * math.floor(height * scale / 2), 2 * math.floor(width * scale / 2)) for scale in scales]
