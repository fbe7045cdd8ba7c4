"""What is measured while a pair is built: digests after each operation, and how hard the degradation hit the clip."""

from __future__ import annotations

import hashlib
import math

import cv2
import numpy as np

from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import Frame
from mgld_bench.degradation.operators import WorkFrame, to_uint8
from mgld_bench.metrics.fidelity.psnr import mean_squared_error, psnr
from mgld_bench.pairs.record import StrengthRecord

_DIGITS = 6


class OperationDigests:
    """A watch (see degradation.pipeline) that takes the sha256 of a clip's frames after each operation."""

    def __init__(self) -> None:
        self._hashes: dict[str, hashlib._Hash] = {}

    def __call__(self, op: str, index: int, frame: WorkFrame) -> None:
        """Frame ``index`` after ``op``; frames come in order."""
        self._hashes.setdefault(op, hashlib.sha256()).update(np.ascontiguousarray(frame).data)

    def result(self) -> dict[str, str]:
        """For each operation the sha256 (hex) of the bytes of all frames, one frame after the other."""
        return {op: digest.hexdigest() for op, digest in self._hashes.items()}


class DegradationStrength:
    """How hard the degradation hit a clip, gathered frame by frame."""

    def __init__(self) -> None:
        self._psnr: list[float] = []
        self._changes: list[float] = []
        self._previous: Frame | None = None

    def add(self, ground_truth: Frame, low_resolution: Frame) -> None:
        """The next frame: (h, w, 3) and (h / scale, w / scale, 3), uint8 RGB."""
        enlarged = resize_bicubic(low_resolution, *ground_truth.shape[:2])
        self._psnr.append(psnr(mean_squared_error(to_uint8(enlarged.astype(np.float32)), ground_truth)))
        if self._previous is not None:
            self._changes.append(cv2.norm(low_resolution, self._previous, cv2.NORM_L1) / low_resolution.size)
        self._previous = low_resolution

    def result(self) -> StrengthRecord:
        """Means over the frames so far, rounded to 6 digits: beyond them sums may differ between CPUs."""
        mean = sum(self._psnr) / len(self._psnr)
        change = round(sum(self._changes) / len(self._changes), _DIGITS) if self._changes else None
        return StrengthRecord(psnr_bicubic=round(mean, _DIGITS) if math.isfinite(mean) else None, change_between_frames=change)
