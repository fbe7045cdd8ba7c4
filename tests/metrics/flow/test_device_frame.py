from __future__ import annotations

import numpy as np
import pytest
import torch

from mgld_bench.metrics.flow.device_frame import HalfFrame


@pytest.mark.parametrize(("height", "width"), [(32, 48), (33, 48), (32, 49), (35, 51)])
def test_half_of_an_odd_side_leaves_its_last_pixel_out_and_moves_nothing(height: int, width: int) -> None:
    """EvalCrafter halves by the scale 0.5, not to the rounded size: every pixel is the mean of two by two."""
    frame = np.random.default_rng(1).integers(0, 256, (height, width, 3), np.uint8)
    rows, columns = height // 2, width // 2
    expected = frame[: 2 * rows, : 2 * columns].reshape(rows, 2, columns, 2, 3).mean(axis=(1, 3))
    levels = HalfFrame(frame, torch.device("cpu")).levels[0].permute(1, 2, 0).numpy()
    top, left = (levels.shape[0] - rows) // 2, (levels.shape[1] - columns) // 2
    np.testing.assert_allclose(levels[top : top + rows, left : left + columns], expected, rtol=0, atol=1e-4)
