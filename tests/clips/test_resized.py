"""Frames brought to a short side: MATLAB's bicubic of each frame, recorded, and nothing where they have it already."""

from __future__ import annotations

import numpy as np
import pytest

from mgld_bench.clips.bicubic import resize_bicubic
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.handling import handling
from mgld_bench.clips.resized import ResizedClip, in_short_side, scaled_shift
from tests.helpers.clip_samples import make_frames


@pytest.mark.parametrize(
    ("height", "width", "short_side", "size"),
    # UDM10's ground truth, and a frame of x4 of odd sides: the long side is rounded down.
    [(720, 1272, 1024, (1024, 1809)), (45, 80, 64, (64, 113)), (80, 45, 30, (53, 30))],
)
def test_the_short_side_is_exact_and_the_long_one_rounded_down(
    height: int, width: int, short_side: int, size: tuple[int, int]
) -> None:
    clip = in_short_side(ArrayClip("a", np.zeros((1, height, width, 3), np.uint8)), short_side)
    assert (clip.height, clip.width) == size
    assert clip.frame(0).shape == (*size, 3)


def test_frames_are_those_of_the_kernel_rounded_and_of_any_range() -> None:
    frames = np.stack(list(make_frames(count=3, height=20, width=32)))
    inner = ArrayClip("a", frames)
    clip = ResizedClip(inner, 50)
    expected = [np.clip(np.rint(resize_bicubic(frame, 50, 80)), 0, 255) for frame in frames]
    np.testing.assert_array_equal(np.stack(list(clip.frames())), expected)
    np.testing.assert_array_equal(np.stack(list(clip.frames(1, 2))), expected[1:2])
    assert clip.frame(0).dtype == np.uint8
    assert clip.frame_count == 3
    assert clip.digest() == inner.digest()
    assert handling(clip.facts) == ("resized to a short side of 50 pixels before scoring, as the protocol declares",)
    assert scaled_shift((2.0, -1.0), clip) == (5.0, -2.5)


def test_a_clip_that_has_the_size_is_left_alone() -> None:
    clip = ArrayClip("a", np.zeros((1, 20, 32, 3), np.uint8))
    assert in_short_side(clip, 20) is clip
    assert in_short_side(clip, None) is clip
    assert scaled_shift((2.0, 0.0), clip) == (2.0, 0.0)
