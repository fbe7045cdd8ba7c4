"""MATLAB's imresize with the bicubic kernel: what papers mean by "Bicubic"."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy import sparse

FloatArray = npt.NDArray[np.float64]


def resize_bicubic(image: npt.NDArray[np.generic], height: int, width: int) -> FloatArray:
    """Resize an image as MATLAB's imresize(image, [height width], 'bicubic') does, rows first, then columns.

    Keys' kernel with a = -0.5, half-pixel centres, symmetric (mirrored, edge repeated) borders; when shrinking, the kernel is
    widened by the scale (anti-aliasing).

    >>> resize_bicubic(np.array([[0, 4]]), 1, 4).round(3).tolist()
    [[-0.375, 0.812, 3.188, 4.375]]

    Args:
        image: (h, w) or (h, w, c), of any numeric type and range.

    Returns:
        (height, width[, c]) float64, neither rounded nor clipped.
    """
    tall, wide = image.shape[:2]
    return _interpolated(image, _weights(tall, height, height / tall), _weights(wide, width, width / wide))


def scale_bicubic(image: npt.NDArray[np.generic], scale: float) -> FloatArray:
    """Resize an image as MATLAB's imresize(image, scale, 'bicubic') does.

    Sides are rounded up; positions follow the scale itself. Half of an odd side is something else than `resize_bicubic` to the
    same size, which stretches the image to the rounded side.

    >>> scale_bicubic(np.array([[0, 4, 8]]), 0.5).round(3).tolist()
    [[2.078, 7.844]]
    >>> resize_bicubic(np.array([[0, 4, 8]]), 1, 2).round(3).tolist()
    [[0.963, 7.037]]

    Args:
        image: (h, w) or (h, w, c), of any numeric type and range.
        scale: Above 0.

    Returns:
        (ceil(scale * h), ceil(scale * w)[, c]) float64, neither rounded nor clipped.
    """
    rows, columns = (_weights(length, math.ceil(scale * length), scale) for length in image.shape[:2])
    return _interpolated(image, rows, columns)


def to_levels(exact: FloatArray) -> npt.NDArray[np.uint8]:
    """Clipped to 0..255 and rounded half away from zero, as MATLAB converts doubles to uint8.

    >>> to_levels(np.array([-3.0, 0.5, 1.5, 300.0])).tolist()
    [0, 1, 2, 255]
    """
    # No value is negative after clipping, so rounding half up is rounding half away from zero.
    return np.floor(np.clip(exact, 0, 255) + 0.5).astype(np.uint8)


def _interpolated(image: npt.NDArray[np.generic], rows: sparse.csr_array, columns: sparse.csr_array) -> FloatArray:
    values = image.astype(np.float64)
    tall = np.asarray(rows @ values.reshape(values.shape[0], -1)).reshape(rows.shape[0], *values.shape[1:])
    sideways = np.ascontiguousarray(np.moveaxis(tall, 1, 0))
    wide = np.asarray(columns @ sideways.reshape(sideways.shape[0], -1)).reshape(columns.shape[0], *sideways.shape[1:])
    return np.ascontiguousarray(np.moveaxis(wide, 0, 1))


@lru_cache(maxsize=32)
def _weights(length: int, target: int, scale: float) -> sparse.csr_array:
    """The (target, length) interpolation matrix of one axis."""
    shrink = min(scale, 1.0)
    reach = 4.0 / shrink
    centres = (np.arange(target) + 0.5) / scale - 0.5
    taps = int(np.ceil(reach)) + 2
    positions = np.floor(centres - reach / 2)[:, None] + np.arange(taps)[None, :]
    weights = shrink * _cubic(shrink * (centres[:, None] - positions))
    weights /= weights.sum(axis=1, keepdims=True)
    mirrored = np.mod(positions.astype(np.int64), 2 * length)
    sources = np.where(mirrored < length, mirrored, 2 * length - 1 - mirrored)
    rows = np.repeat(np.arange(target), taps)
    # Here, because lists of metrics and plans do without it.
    from scipy import sparse

    return sparse.csr_array((weights.ravel(), (rows, sources.ravel())), shape=(target, length))


def _cubic(distance: FloatArray) -> FloatArray:
    """Keys' cubic convolution kernel, a = -0.5."""
    x = np.abs(distance)
    near = 1.5 * x**3 - 2.5 * x**2 + 1
    far = -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x <= 1, near, np.where(x <= 2, far, 0.0))
