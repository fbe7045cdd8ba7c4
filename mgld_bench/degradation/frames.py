"""What the operators work on."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatArray: TypeAlias = npt.NDArray[np.float64]

WorkFrame: TypeAlias = npt.NDArray[np.uint8 | np.float32]
"""A frame inside the degradation: (h, w, 3), uint8 0..255 or float32; range and channel order are those of the profile."""


def to_uint8(frame: WorkFrame) -> npt.NDArray[np.uint8]:
    """Round half to even and clip to 0..255; a uint8 frame is returned as it is."""
    if frame.dtype == np.uint8:
        return np.asarray(frame, np.uint8)
    levels = np.rint(frame)
    return np.asarray(np.clip(levels, 0, 255, out=levels), np.uint8)
