"""The seven families of blur kernels of the RealBasicVSR degradation."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt

from mgld_bench.degradation.operators import FloatArray
from mgld_bench.degradation.plan import BlurKernel


def kernel_values(kernel: BlurKernel) -> FloatArray:
    """The kernel as a (size, size) float64 array with sum 1; rows are y.

    Source: BasicSR's kernels as RealBasicVSR uses them: exp(-m/2), exp(-m^beta/2) or 1/(1 + m^beta) of the quadratic form m of
    the inverse covariance; sinc: the circular low-pass omega J1(omega r) / (2 pi r).

    Raises:
        ValueError: A parameter that the kernel's type needs is None.

    >>> kernel_values(BlurKernel(type="iso", size=3, sigma_x=1.0)).round(3).tolist()
    [[0.075, 0.124, 0.075], [0.124, 0.204, 0.124], [0.075, 0.124, 0.075]]
    """
    if kernel.type == "sinc":
        values = _sinc(kernel)
    elif kernel.type in ("iso", "aniso"):
        values = np.exp(-0.5 * _quadratic_form(kernel))
    elif kernel.type in ("generalized_iso", "generalized_aniso"):
        values = np.exp(-0.5 * np.power(_quadratic_form(kernel), _needed(kernel, "beta")))
    else:
        values = np.reciprocal(1 + np.power(_quadratic_form(kernel), _needed(kernel, "beta")))
    # The authors normalise in the family's function and again in the dispatcher: the second division moves the last bit.
    values = values / values.sum()
    return np.asarray(values / values.sum(), np.float64)


def _sinc(kernel: BlurKernel) -> FloatArray:
    from scipy import special

    omega = _needed(kernel, "omega")
    x, y = _grid(kernel.size)
    radius = np.sqrt(x**2 + y**2)
    centre = kernel.size // 2
    radius[centre, centre] = 1.0
    values = omega * special.j1(omega * radius) / (2 * np.pi * radius)
    values[centre, centre] = omega**2 / (4 * np.pi)
    return np.asarray(values, np.float64)


def _quadratic_form(kernel: BlurKernel) -> FloatArray:
    """m(x, y) = p^T S^-1 p for every p = (x, y) of the grid."""
    x, y = _grid(kernel.size)
    points = np.stack([x, y], axis=-1)
    inverse = np.linalg.inv(_covariance(kernel)).astype(np.float64)
    return np.asarray(np.einsum("hwi,ij,hwj->hw", points, inverse, points), np.float64)


def _covariance(kernel: BlurKernel) -> npt.NDArray[np.float32]:
    """The 2x2 matrix S. In float32, as in the authors' code: float64 would change the kernels by 5e-8."""
    sigma_x = _needed(kernel, "sigma_x")
    if kernel.type.endswith("aniso"):
        sigma_y, angle = _needed(kernel, "sigma_y"), _needed(kernel, "angle")
        diagonal = np.array([[sigma_x**2, 0], [0, sigma_y**2]], np.float32)
        rotation = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]], np.float32)
        return np.asarray(rotation @ diagonal @ rotation.T, np.float32)
    return np.array([[sigma_x**2, 0], [0, sigma_x**2]], np.float32)


def _grid(size: int) -> tuple[FloatArray, FloatArray]:
    """x (columns) and y (rows), both (size, size), from -(size-1)/2 to (size-1)/2."""
    axis = np.arange(size, dtype=np.float64) - (size - 1) / 2
    x, y = np.meshgrid(axis, axis)
    return x, y


def _needed(kernel: BlurKernel, parameter: Literal["sigma_x", "sigma_y", "angle", "beta", "omega"]) -> float:
    value: float | None = getattr(kernel, parameter)
    if value is None:
        raise ValueError(f"a {kernel.type} kernel needs {parameter}")
    return value
