"""Unsharp masking: the source of the profile realbasicvsr."""

from __future__ import annotations

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.frames import FloatArray


def gaussian_kernel(size: int, sigma: float) -> FloatArray:
    """OpenCV's Gaussian of ``size`` taps, (size,) float64, sum 1; sigma 0: 0.3 ((size - 1) / 2 - 1) + 0.8."""
    return np.asarray(cv2.getGaussianKernel(size, sigma), np.float64)[:, 0]


def sharpen(
    frame: npt.NDArray[np.uint8], size: int = 51, sigma: float = 0, weight: float = 0.5, threshold: float = 10
) -> npt.NDArray[np.float32]:
    """The unsharp-masked frame (h, w, 3), float32, 0..255; the defaults are RealBasicVSR's.

    Where the frame differs from its blurred self by more than ``threshold``, softened by the same blur, ``weight`` times the
    difference is added.
    """
    kernel = gaussian_kernel(size, sigma)
    image = frame.astype(np.float32)
    residue = image - _blur(image, kernel)
    soft = _blur((np.abs(residue) > threshold).astype(np.float32), kernel)
    sharp = np.clip(image + np.float32(weight) * residue, 0, 255)
    return np.asarray(soft * sharp + (1 - soft) * image, np.float32)


def _blur(image: npt.NDArray[np.float32], kernel: FloatArray) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.sepFilter2D(image, -1, kernel, kernel, borderType=cv2.BORDER_REFLECT_101), np.float32)
