"""Blurring a frame with a kernel."""

from __future__ import annotations

import cv2
import numpy as np

from mgld_bench.degradation.frames import FloatArray, WorkFrame


def filter_frame(frame: WorkFrame, kernel: FloatArray) -> WorkFrame:
    """Correlate each channel of (h, w, 3) with the kernel; same dtype (uint8 is rounded and saturated), borders reflect-101."""
    return np.asarray(cv2.filter2D(frame, -1, kernel, borderType=cv2.BORDER_REFLECT_101), frame.dtype)
