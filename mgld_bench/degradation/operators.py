"""The deterministic operators on one frame: blur, resize, JPEG, sharpening, and changes of range."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.plan import Interpolation
from mgld_bench.degradation.profiles import PeakValue

FloatArray: TypeAlias = npt.NDArray[np.float64]

WorkFrame: TypeAlias = npt.NDArray[np.uint8 | np.float32]
"""A frame inside the degradation: (h, w, 3), uint8 0..255 or float32; range and channel order are those of the profile."""

_FLAGS = {"bilinear": cv2.INTER_LINEAR, "area": cv2.INTER_AREA, "bicubic": cv2.INTER_CUBIC}


def to_uint8(frame: WorkFrame) -> npt.NDArray[np.uint8]:
    """A frame of the 0..255 scale, rounded half to even and clipped; a uint8 frame is returned unchanged.

    >>> to_uint8(np.array([-3.0, 0.5, 1.5, 300.0], np.float32)).tolist()
    [0, 0, 2, 255]
    """
    if frame.dtype == np.uint8:
        return np.asarray(frame, np.uint8)
    levels = np.rint(frame)
    return np.asarray(np.clip(levels, 0, 255, out=levels), np.uint8)


def to_video_levels(frame: WorkFrame, peak: PeakValue) -> npt.NDArray[np.uint8]:
    """A frame on 0..``peak`` as the video encoder gets it: truncated to uint8, as the authors do.

    Values outside the range are clipped first. In the authors' code they would wrap around, which gives speckles where the video
    compression comes last.
    """
    if frame.dtype == np.uint8:
        return to_uint8(frame)
    return np.asarray(np.clip(frame * np.float32(255 / peak), 0, 255), np.uint8)


def from_levels(frame: npt.NDArray[np.uint8], peak: PeakValue) -> npt.NDArray[np.float32]:
    """uint8 levels as float32 on 0..``peak``."""
    return np.asarray(frame / np.float32(255 / peak), np.float32)


def filter_frame(frame: WorkFrame, kernel: FloatArray) -> WorkFrame:
    """Correlate each channel with a kernel; borders are reflected without repeating the edge (reflect-101).

    Args:
        frame: (h, w, 3), uint8 or float32.
        kernel: (size, size), size odd.

    Returns:
        A frame of the same dtype; uint8 is rounded and saturated.
    """
    return np.asarray(cv2.filter2D(frame, -1, kernel, borderType=cv2.BORDER_REFLECT_101), frame.dtype)


def resize_frame(frame: WorkFrame, mode: Interpolation, height: int, width: int) -> WorkFrame:
    """Resize a frame with OpenCV's conventions.

    Half-pixel centres; bilinear and bicubic (a = -0.75) without anti-aliasing; area: the exact box average when shrinking.

    Args:
        frame: (h, w, 3), uint8 or float32.
        mode: Interpolation.
        height: Rows of the result.
        width: Columns of the result.

    Returns:
        (height, width, 3) of the same dtype; uint8 is rounded and saturated.
    """
    # OpenCV's plain bicubic of uint8 has 11-bit coefficients: 4 % of the samples are a level off its usual (IPP's) result.
    exact = frame.astype(np.float32) if mode == "bicubic" else frame
    resized = np.asarray(cv2.resize(exact, (width, height), interpolation=_FLAGS[mode]), exact.dtype)
    return resized if resized.dtype == frame.dtype else to_uint8(resized)


def compress_jpeg(frame: WorkFrame, quality: int) -> npt.NDArray[np.uint8]:
    """A JPEG round trip: libjpeg-turbo, 4:2:0.

    The codec takes the channels as B, G, R, whatever they are.

    Args:
        frame: (h, w, 3) on 0..255; float values are rounded half to even and saturated first.
        quality: libjpeg's, 0 to 100.

    Returns:
        The decoded frame, (h, w, 3) uint8.
    """
    _, data = cv2.imencode(".jpg", to_uint8(frame), [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def sharpen(
    frame: npt.NDArray[np.uint8], size: int = 51, sigma: float = 0, weight: float = 0.5, threshold: float = 10
) -> npt.NDArray[np.float32]:
    """Unsharp masking: the source of the profile realbasicvsr.

    Where the frame differs from its blurred self by more than ``threshold``, softened by the same blur, ``weight`` times the
    difference is added. The defaults are RealBasicVSR's.

    Args:
        frame: (h, w, 3) uint8.
        size: Taps of the Gaussian, odd.
        sigma: Its standard deviation in pixels; 0: derived from ``size``, see gaussian_kernel.
        weight: Strength.
        threshold: In levels.

    Returns:
        (h, w, 3) float32 on 0..255.
    """
    kernel = gaussian_kernel(size, sigma)
    image = frame.astype(np.float32)
    residue = image - _blur(image, kernel)
    soft = _blur((np.abs(residue) > threshold).astype(np.float32), kernel)
    sharp = np.clip(image + np.float32(weight) * residue, 0, 255)
    return np.asarray(soft * sharp + (1 - soft) * image, np.float32)


def gaussian_kernel(size: int, sigma: float) -> FloatArray:
    """OpenCV's Gaussian of ``size`` taps, (size,) float64 with sum 1; sigma 0 means 0.3 ((size - 1) / 2 - 1) + 0.8."""
    return np.asarray(cv2.getGaussianKernel(size, sigma), np.float64)[:, 0]


def _blur(image: npt.NDArray[np.float32], kernel: FloatArray) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)


_lock = threading.Lock()
_inside = 0
_before = True


@contextmanager
def portable_opencv() -> Iterator[None]:
    """Run OpenCV's plain code inside: no code chosen by the CPU's vector units, no IPP, so that every machine gives one result.

    With them, filters and resizes differ in the last bits (uint8: by a level) between CPUs. The number of OpenCV's threads does
    not matter for these operators. The switch is OpenCV's own and holds for the process; the block may be nested and entered from
    several threads.
    """
    global _inside, _before  # noqa: PLW0603 (mirrors OpenCV's switch, which is global as well)
    ipp_before = cv2.ipp.useIPP()
    with _lock:
        if _inside == 0:
            _before = cv2.useOptimized()
        _inside += 1
        cv2.setUseOptimized(False)
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                cv2.setUseOptimized(_before)
        # IPP is switched per thread: the last one to leave would switch it back for itself only.
        cv2.ipp.setUseIPP(ipp_before)
