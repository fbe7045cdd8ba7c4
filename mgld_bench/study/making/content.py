"""What a clip shows, in two numbers: its spatial and its temporal information, as ITU-T P.910 defines them."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Clip, Frame

_LUMA = np.array([0.2126, 0.7152, 0.0722])
"""Of BT.709."""


@dataclass(frozen=True)
class Content:
    """How much detail and how much motion a clip has."""

    spatial: float
    """SI: the largest over the frames of the standard deviation of the luma's gradient (Sobel); 0 is a flat picture."""
    temporal: float
    """TI: the largest over the frames of the standard deviation of the luma's difference to the frame before; 0 is a still."""


def content_of(clip: Clip) -> Content:
    """The spatial and temporal information of a clip (ITU-T P.910, SI and TI), on luma of 0 to 255.

    The outermost pixels, where the Sobel filter reaches outside, do not count. A cut within the clip raises TI.

    Raises:
        InputError: A frame cannot be read.
    """
    spatial = temporal = 0.0
    before: npt.NDArray[np.float64] | None = None
    for frame in clip.frames():
        luma = _luma(frame)
        spatial = max(spatial, float(_gradient(luma).std()))
        if before is not None:
            temporal = max(temporal, float((luma - before).std()))
        before = luma
    return Content(spatial, temporal)


def _luma(frame: Frame) -> npt.NDArray[np.float64]:
    return np.asarray(frame @ _LUMA, dtype=np.float64)


def _gradient(luma: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    right, down = cv2.Sobel(luma, cv2.CV_64F, 1, 0), cv2.Sobel(luma, cv2.CV_64F, 0, 1)
    inner = np.hypot(right, down)[1:-1, 1:-1]
    return inner if inner.size else np.zeros((1, 1))
