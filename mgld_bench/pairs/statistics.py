"""How hard the degradation hit a clip."""

from __future__ import annotations

import math

import cv2
import numpy as np

from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import Frame
from mgld_bench.degradation.frames import FloatArray, to_uint8
from mgld_bench.pairs.record import Statistics

_DIGITS = 6


def peak_signal_to_noise(squared_error: float) -> float:
    """PSNR in dB for the 0..255 scale; infinite for no error."""
    return math.inf if squared_error == 0 else 10 * math.log10(255**2 / squared_error)


def mean_squared_error(first: Frame, second: Frame) -> float:
    """Mean of the squared differences of all samples."""
    return cv2.norm(first, second, cv2.NORM_L2SQR) / first.size


class ClipStatistics:
    """Gathers the statistics of a pair, frame by frame."""

    def __init__(self) -> None:
        self._psnr: list[float] = []
        self._changes: list[float] = []
        self._previous: Frame | None = None

    def add(self, ground_truth: Frame, low_resolution: Frame) -> None:
        """The next frame of both sides."""
        enlarged: FloatArray = resize_bicubic(low_resolution, *ground_truth.shape[:2])
        self._psnr.append(peak_signal_to_noise(mean_squared_error(to_uint8(enlarged.astype(np.float32)), ground_truth)))
        if self._previous is not None:
            self._changes.append(cv2.norm(low_resolution, self._previous, cv2.NORM_L1) / low_resolution.size)
        self._previous = low_resolution

    def result(self) -> Statistics:
        """Over the frames so far, rounded to 6 digits: sums may differ beyond them between CPUs."""
        psnr = sum(self._psnr) / len(self._psnr)
        change = round(sum(self._changes) / len(self._changes), _DIGITS) if self._changes else None
        return Statistics(psnr_bicubic=round(psnr, _DIGITS) if math.isfinite(psnr) else None, change_between_frames=change)
