from __future__ import annotations

from typing import Literal

import numpy as np
import pytest

from mgld_bench.degradation.noise import noise_numbers
from mgld_bench.degradation.pipeline import apply_operation
from mgld_bench.degradation.plan import NoiseFrame, NoiseOperation
from mgld_bench.degradation.profiles import PeakValue


def noisy(frame: np.ndarray, kind: Literal["gaussian", "poisson"], gray: bool, level: float, peak: PeakValue = 255) -> np.ndarray:
    planned = NoiseOperation(op="noise_1", applied=True, frames=(NoiseFrame(kind=kind, gray=gray, level=level),))
    return apply_operation(planned, 0, frame, peak, noise_numbers(7, "noise_1", 0))


GRAY = np.full((200, 300, 3), 128, np.uint8)
RAMP = np.broadcast_to(np.arange(256, dtype=np.uint8)[None, :, None], (200, 256, 3))


@pytest.mark.parametrize("peak", [255, 1])
def test_gaussian_noise_has_the_level_as_deviation(peak: PeakValue) -> None:
    frame = (GRAY / np.float32(255 / peak)).astype(np.float32)
    difference = noisy(frame, "gaussian", False, 12.0, peak) - frame
    assert difference.std() * 255 / peak == pytest.approx(12.0, rel=0.01)
    assert not np.array_equal(difference[..., 0], difference[..., 1])


@pytest.mark.parametrize("kind", ["gaussian", "poisson"])
def test_gray_noise_is_the_same_in_all_channels(kind: Literal["gaussian", "poisson"]) -> None:
    difference = noisy(RAMP, kind, True, 1.5) - RAMP.astype(np.float32)
    assert difference.std() > 0.1
    np.testing.assert_allclose(difference[..., 0], difference[..., 2], atol=1e-4)


def test_poisson_noise_is_sixteen_times_stronger_on_the_unit_range() -> None:
    # The deviation is sqrt(x / u) on either range, so sqrt(255) times stronger in levels.
    weak = (noisy(RAMP, "poisson", False, 1.0) - RAMP.astype(np.float32)).std()
    unit = (RAMP / np.float32(255)).astype(np.float32)
    strong = 255 * (noisy(unit, "poisson", False, 1.0, peak=1) - unit).std()
    assert strong / weak == pytest.approx(np.sqrt(255), rel=0.02)


def test_noise_fields_depend_on_seed_operation_and_frame_only() -> None:
    first = noise_numbers(7, "noise_1", 3).standard_normal(8)
    noise_numbers(7, "noise_1", 2).standard_normal(100)
    np.testing.assert_array_equal(first, noise_numbers(7, "noise_1", 3).standard_normal(8))
    for other in (noise_numbers(8, "noise_1", 3), noise_numbers(7, "noise_2", 3), noise_numbers(7, "noise_1", 4)):
        assert not np.array_equal(first, other.standard_normal(8))
