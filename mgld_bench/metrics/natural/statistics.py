"""What NIQE and BRISQUE share: the statistics of natural scenes, and the models of LIVE that ship with the package.

Locally normalised luma of natural pictures follows (asymmetric) generalised Gaussian distributions; both metrics fit them by
moments (Mittal, Moorthy and Bovik 2012; Mittal, Soundararajan and Bovik 2013; the releases of LIVE, University of Texas at
Austin). The models stand under data/LIVE-NOTICE.txt.
"""

from __future__ import annotations

import hashlib
import io
from functools import lru_cache
from importlib import resources
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.metrics.fidelity.luma import FloatArray

LICENSE = "LIVE, University of Texas at Austin: free use with notice (metrics/data/LIVE-NOTICE.txt)"
WINDOW = 7
SIGMA = 7 / 6
FLAT = 1e-9
"""A normalised sample below this is flat: what is left of it is round-off."""


def normalise(plane: FloatArray, border: Literal["replicate", "zero"]) -> FloatArray:
    """(I - mu) / (sigma + 1) under a 7x7 Gaussian window with sigma 7/6.

    In flat areas the result is round-off of either sign instead of 0; see flat_share().

    Args:
        plane: (height, width) float64 luma on the scale 0..255.
        border: What lies outside the plane: its nearest sample, or zero.
    """
    padding = cv2.BORDER_REPLICATE if border == "replicate" else cv2.BORDER_CONSTANT
    mean = _smooth(plane, padding)
    deviation = _smooth(plane * plane, padding)
    deviation -= mean * mean
    np.abs(deviation, out=deviation)
    np.sqrt(deviation, out=deviation)
    deviation += 1
    normalised = plane - mean
    normalised /= deviation
    return normalised


def _smooth(plane: FloatArray, padding: int) -> FloatArray:
    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    return np.asarray(cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel, borderType=padding), np.float64)


def flat_share(normalised: FloatArray) -> float:
    """The share of normalised samples that are 0 but for round-off, 0..1.

    The fits count their signs all the same, so that a large share makes the scores of a clip erratic.
    """
    return float(np.count_nonzero(np.abs(normalised) < FLAT)) / normalised.size


def fit_symmetric(samples: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Generalised Gaussians fitted to the rows of ``samples`` (b, n).

    Returns:
        Shape (b,), the smallest one where all samples are zero, and variance (b,).
    """
    variance = np.square(samples).mean(axis=1)
    with np.errstate(divide="ignore", invalid="ignore"):
        kurtosis = variance / np.square(np.abs(samples).mean(axis=1))
    shapes, ratios = _grid()
    # Falls with the shape; the sign makes it rise.
    return shapes[_nearest(-1 / ratios, -kurtosis)], variance


def fit_asymmetric(samples: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Asymmetric generalised Gaussians fitted to the rows of ``samples`` (b, n).

    Returns:
        Shape, left and right standard deviation, each (b,). Negative samples count to the left, positive ones to the right; a
        row without any of either has NaN there.
    """
    count = samples.shape[1]
    left, right = np.minimum(samples, 0), np.maximum(samples, 0)
    left_power, right_power = np.vecdot(left, left), np.vecdot(right, right)
    magnitude = (right.sum(axis=1) - left.sum(axis=1)) / count
    with np.errstate(divide="ignore", invalid="ignore"):
        left_deviation = np.sqrt(left_power / np.count_nonzero(left, axis=1))
        right_deviation = np.sqrt(right_power / np.count_nonzero(right, axis=1))
        balance = left_deviation / right_deviation
        ratio = magnitude**2 / ((left_power + right_power) / count)
        asymmetry: FloatArray = (balance**3 + 1) * (balance + 1) / (balance**2 + 1) ** 2
    shapes, ratios = _grid()
    return shapes[_nearest(ratios, ratio * asymmetry)], left_deviation, right_deviation


def gamma_ratio(numerator: float, denominator: float, shape: FloatArray) -> FloatArray:
    """Gamma(numerator / shape) / Gamma(denominator / shape)."""
    from scipy.special import gammaln

    return np.exp(gammaln(numerator / shape) - gammaln(denominator / shape))


def _nearest(rising: FloatArray, wanted: FloatArray) -> npt.NDArray[np.intp]:
    """The index of the nearest of the ``rising`` values for each of ``wanted``; the first for NaN, as others have it."""
    after = np.clip(np.searchsorted(rising, wanted), 1, len(rising) - 1)
    nearest = np.where(wanted - rising[after - 1] <= rising[after] - wanted, after - 1, after)
    return np.where(np.isnan(wanted), 0, nearest)


@lru_cache(maxsize=1)
def _grid() -> tuple[FloatArray, FloatArray]:
    """Shapes 0.2, 0.201 … 10, and E|x|^2 / E[x^2] of each: rises with the shape."""
    from scipy.special import gammaln

    shapes = 0.2 + 0.001 * np.arange(9801, dtype=np.float64)
    return shapes, np.exp(2 * gammaln(2 / shapes) - gammaln(1 / shapes) - gammaln(3 / shapes))


@lru_cache(maxsize=4)
def model_sha256(name: str) -> str:
    """sha256 (hex) of the model file ``name``, e.g. niqe_live.npz."""
    return hashlib.sha256(_bytes(name)).hexdigest()


@lru_cache(maxsize=4)
def load_model(name: str) -> dict[str, npt.NDArray[np.float64]]:
    """The float64 arrays of the model file ``name``, shared by all callers: none may change them."""
    with np.load(io.BytesIO(_bytes(name))) as arrays:
        return {key: arrays[key] for key in arrays.files}


def _bytes(name: str) -> bytes:
    return (resources.files("mgld_bench.metrics") / "data" / name).read_bytes()
