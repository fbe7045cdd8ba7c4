"""Applies one planned operation to one frame."""

from __future__ import annotations

import zlib
from typing import Protocol

import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.filtering import filter_frame
from mgld_bench.degradation.frames import FloatArray, WorkFrame, to_uint8
from mgld_bench.degradation.jpeg import compress_jpeg
from mgld_bench.degradation.kernels import kernel_values
from mgld_bench.degradation.noise import PeakValue, add_gaussian, add_poisson, poisson_signal
from mgld_bench.degradation.plan import Blur, FrameOperation, NoiseFrame, Resize
from mgld_bench.degradation.plan import Noise as NoiseOperation
from mgld_bench.degradation.resizing import resize_frame


class RandomNumbers(Protocol):
    """Where noise fields come from; numpy.random.RandomState is one."""

    def standard_normal(self, size: tuple[int, ...]) -> FloatArray:
        """Standard normals of that shape."""

    def poisson(self, lam: npt.NDArray[np.float32]) -> npt.NDArray[np.integer]:
        """Poisson draws at these rates, in their shape."""


def noise_numbers(seed: int, op: str, index: int) -> np.random.RandomState:
    """The random numbers of one operation and frame, of their own, so that the order of the work has no influence."""
    return np.random.RandomState(zlib.crc32(f"{seed}|{op}|{index}".encode()))


def apply_operation(
    operation: FrameOperation, index: int, frame: WorkFrame, peak: PeakValue, numbers: RandomNumbers
) -> WorkFrame:
    """Frame ``index`` after ``operation``, which is applied.

    ``frame``: (h, w, 3), uint8 or float32, on 0..``peak``. Blur and resize keep the dtype; noise gives float32; JPEG gives uint8
    where ``peak`` is 255, float32 else. ``numbers`` are used by noise only.
    """
    if isinstance(operation, Blur):
        return filter_frame(frame, kernel_values(operation.frames[index]))
    if isinstance(operation, Resize):
        resize = operation.frames[index]
        return resize_frame(frame, resize.mode, *resize.size)
    if isinstance(operation, NoiseOperation):
        return _add_noise(frame, operation.frames[index], peak, numbers)
    compressed = compress_jpeg(frame if peak == 255 else frame * np.float32(255), operation.frames[index].quality)
    return from_levels(compressed, peak) if peak == 1 else compressed


def to_video_levels(frame: WorkFrame, peak: PeakValue) -> npt.NDArray[np.uint8]:
    """The frame as the video encoder gets it: truncated to uint8 as the authors do.

    Values outside the range are clipped first. The authors' would wrap around to speckles, where the video compression comes
    last.
    """
    if frame.dtype == np.uint8:
        return to_uint8(frame)
    return np.asarray(np.clip(frame * np.float32(255 / peak), 0, 255), np.uint8)


def from_levels(frame: npt.NDArray[np.uint8], peak: PeakValue) -> npt.NDArray[np.float32]:
    """uint8 levels as float32 on 0..``peak``."""
    return np.asarray(frame / np.float32(255 / peak), np.float32)


def _add_noise(frame: WorkFrame, noise: NoiseFrame, peak: PeakValue, numbers: RandomNumbers) -> WorkFrame:
    if noise.kind == "gaussian":
        normals = numbers.standard_normal(frame.shape).astype(np.float32)
        return add_gaussian(frame, normals, noise.level, noise.gray, peak)
    signal, unit = poisson_signal(frame, noise.gray, peak)
    counts = numbers.poisson(signal * np.float32(unit)).astype(np.float32)
    return add_poisson(frame, counts, signal, unit, noise.level)
