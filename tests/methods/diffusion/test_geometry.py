"""Sizes, padding and rounding of the diffusion methods' frames."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mgld_bench.methods.diffusion.geometry import Geometry
from mgld_bench.methods.restorer import NotFiniteError


@given(st.integers(4, 1100), st.integers(4, 1100), st.booleans())
def test_sizes_fit_the_networks_and_the_saved_frame(height: int, width: int, faithful: bool) -> None:
    geometry = Geometry(height, width, faithful)
    padded, enlarged = geometry.padded, geometry.enlarged
    assert all(side % 32 == 0 for side in padded)
    assert all(0 <= more - less <= (63 if faithful else 31) for more, less in zip(padded, enlarged, strict=True))
    assert min(padded) >= 512
    assert all(side >= 4 * small for side, small in zip(enlarged, (height, width), strict=True)) or faithful
    if min(height, width) >= 128:
        assert enlarged == (4 * height, 4 * width)


@settings(max_examples=15, deadline=None)
@given(st.integers(40, 150), st.integers(40, 150), st.booleans())
def test_every_finished_frame_is_four_times_as_large(height: int, width: int, faithful: bool) -> None:
    geometry = Geometry(height, width, faithful)
    frame = geometry.finish(torch.full((3, *geometry.padded), 2 * 150.7 / 255 - 1))
    assert frame.shape == (4 * height, 4 * width, 3)
    assert set(frame.flat) == {150 if faithful else 151}


@pytest.mark.parametrize(("size", "faithful"), [((128, 160), True), ((100, 150), True), ((100, 150), False)])
def test_frames_that_leave_a_gpu_together_are_those_one_by_one(size: tuple[int, int], faithful: bool) -> None:
    geometry = Geometry(*size, faithful)
    restored = torch.rand(4, 3, *geometry.padded, generator=torch.Generator().manual_seed(1)) * 2.2 - 1.1
    together = list(geometry._finish_together(restored, [3, 0, 1]))
    for frame, wanted in zip(together, geometry.finish_all(restored, [3, 0, 1]), strict=True):
        assert frame.tobytes() == wanted.tobytes()
    restored[1, 0, 5, 5] = float("inf")
    for frames in (geometry._finish_together(restored, [0, 1]), geometry.finish_all(restored, [0, 1])):
        next(frames)
        with pytest.raises(NotFiniteError):
            next(frames)


def test_the_padding_rule_of_the_script_is_kept_or_repaired() -> None:
    # 720 x 1280: 1280 is a multiple of 32, but 720 is not.
    assert Geometry(180, 320).padded == (736, 1312)
    assert Geometry(180, 320, faithful=False).padded == (736, 1280)
    assert Geometry(128, 160).padded == Geometry(128, 160, faithful=False).padded == (512, 640)


@pytest.mark.parametrize("side", [49, 98, 103, 107])
def test_sides_whose_enlargement_is_a_pixel_short_are_as_in_the_script(side: int) -> None:
    assert Geometry(side, 200).enlarged[0] == 511
    assert Geometry(side, 200, faithful=False).enlarged[0] == 512


@pytest.mark.parametrize("faithful", [True, False])
@pytest.mark.parametrize("size", [(140, 150), (64, 96), (60, 77)])
def test_enlarging_and_finishing_keeps_a_smooth_picture(faithful: bool, size: tuple[int, int]) -> None:
    """A ramp through both comes out as the ramp, four times as large: nothing is shifted or stretched."""
    height, width = size
    geometry = Geometry(height, width, faithful)
    ramp = torch.linspace(0.2, 0.8, width).expand(1, 3, height, width)
    finished = torch.from_numpy(geometry.finish(geometry.enlarge(ramp)[0])).float() / 255
    step = 0.6 / (width - 1)
    expected = 0.2 + step * ((torch.arange(4 * width) + 0.5) / 4 - 0.5)
    inner = slice(16, 4 * width - 16)
    # Shrinking the padded frame, as the script does, moves the picture by a fraction of a pixel.
    tolerance = 0.006 + (step if faithful and geometry.scale > 4 else 0)
    assert (finished[2 * height, inner] - expected[inner, None]).abs().max() < tolerance
