from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.degradation.kernels import kernel_values
from mgld_bench.degradation.plan import BlurKernel, KernelType

SIZES = st.sampled_from(range(7, 22, 2))
SIGMAS = st.floats(0.2, 3.0)
ANGLES = st.floats(-3.1416, 3.1416)


@given(SIZES, SIGMAS, SIGMAS, ANGLES, st.floats(0.5, 4.0), st.sampled_from(["aniso", "generalized_aniso", "plateau_aniso"]))
def test_anisotropic_kernels_sum_to_one_and_are_point_symmetric(
    size: int, sigma_x: float, sigma_y: float, angle: float, beta: float, kind: KernelType
) -> None:
    used = None if kind == "aniso" else beta
    values = kernel_values(BlurKernel(type=kind, size=size, sigma_x=sigma_x, sigma_y=sigma_y, angle=angle, beta=used))
    assert values.shape == (size, size)
    assert values.sum() == pytest.approx(1, abs=1e-12)
    assert values.min() >= 0
    np.testing.assert_allclose(values, values[::-1, ::-1], atol=1e-12)


@given(SIZES, SIGMAS)
def test_beta_one_is_the_gaussian(size: int, sigma: float) -> None:
    gaussian = kernel_values(BlurKernel(type="iso", size=size, sigma_x=sigma))
    generalized = kernel_values(BlurKernel(type="generalized_iso", size=size, sigma_x=sigma, beta=1.0))
    np.testing.assert_allclose(gaussian, generalized, atol=1e-15)


def test_the_long_axis_turns_from_x_towards_y() -> None:
    kernel = kernel_values(BlurKernel(type="aniso", size=21, sigma_x=3.0, sigma_y=0.5, angle=0.0))
    assert kernel[10, 4] > 100 * kernel[4, 10]
    turned = kernel_values(BlurKernel(type="aniso", size=21, sigma_x=3.0, sigma_y=0.5, angle=np.pi / 4))
    assert turned[14, 14] > 100 * turned[14, 6], "rows are y, pointing down: a positive angle turns x towards y"


@given(SIZES, st.floats(np.pi / 5, np.pi))
def test_sinc_kernels_sum_to_one_and_have_the_symmetry_of_the_square(size: int, omega: float) -> None:
    values = kernel_values(BlurKernel(type="sinc", size=size, omega=omega))
    assert values.sum() == pytest.approx(1, abs=1e-12)
    np.testing.assert_allclose(values, values.T, atol=1e-14)
    np.testing.assert_allclose(values, values[::-1], atol=1e-14)


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(ValueError, match="plateau_iso kernel needs beta"):
        kernel_values(BlurKernel(type="plateau_iso", size=7, sigma_x=1.0))
