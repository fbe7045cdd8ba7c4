"""Frames in memory and parts of clips behave as any clip."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.reading import open_clip, select_frames
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Frames, Make, make_frames


def test_array_clip() -> None:
    frames = make_frames()
    clip = ArrayClip("a", frames)
    assert (clip.name, clip.frame_count, clip.height, clip.width, clip.path) == ("a", 4, 24, 32, None)
    assert clip.facts.frame_names == ("00000000", "00000001", "00000002", "00000003")
    np.testing.assert_array_equal(list(clip.frames()), frames)
    np.testing.assert_array_equal(list(clip.frames(1, 3)), frames[1:3])
    np.testing.assert_array_equal(clip.frame(3), frames[3])
    with pytest.raises(InputError, match="clip a has 4 frames"):
        clip.frames(2, 5)


def test_array_clip_hands_out_copies() -> None:
    frames = make_frames()
    clip = ArrayClip("a", frames)
    clip.frame(0)[:] = 0
    np.testing.assert_array_equal(clip.frame(0), frames[0])
    assert ArrayClip("a", frames[:, :, ::-1]).frame(0).flags.c_contiguous


@pytest.mark.parametrize(
    "frames",
    [np.zeros((0, 4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), np.zeros((1, 4, 4, 1), np.uint8), np.zeros((1, 4, 4, 3))],
)
def test_array_of_another_shape_or_type_is_refused(frames: Frames) -> None:
    with pytest.raises(InputError, match="clip a: frames must be"):
        ArrayClip("a", frames)


def test_array_digest_depends_on_shape_and_bytes() -> None:
    frames = make_frames()
    digest = ArrayClip("a", frames).digest()
    assert ArrayClip("b", frames[:, :, ::-1][:, :, ::-1]).digest() == digest
    assert ArrayClip("a", frames.reshape(4, 32, 24, 3)).digest() != digest
    changed = frames.copy()
    changed[3, 23, 31, 2] ^= 1
    assert ArrayClip("a", changed).digest() != digest


@given(st.data())
def test_selection_equals_slicing(data: st.DataObject) -> None:
    frames = make_frames(6, 12, 16)
    first = data.draw(st.integers(0, 5))
    count = data.draw(st.integers(1, 6 - first))
    top, left = data.draw(st.integers(0, 11)), data.draw(st.integers(0, 15))
    height, width = data.draw(st.integers(1, 12 - top)), data.draw(st.integers(1, 16 - left))
    clip = select_frames(ArrayClip("a", frames), first, count, Crop(top=top, left=left, height=height, width=width), "part")
    expected = frames[first : first + count, top : top + height, left : left + width]
    np.testing.assert_array_equal(list(clip.frames()), expected)
    assert (clip.name, clip.frame_count, clip.height, clip.width) == ("part", *expected.shape[:3])
    assert clip.facts.frame_names == tuple(f"{index:08d}" for index in range(first, first + count))
    start = data.draw(st.integers(0, count))
    stop = data.draw(st.integers(start, count))
    np.testing.assert_array_equal(np.array(list(clip.frames(start, stop))).reshape(-1, height, width, 3), expected[start:stop])
    inner = select_frames(clip, start, count - start) if start < count else clip
    np.testing.assert_array_equal(list(inner.frames()), expected[start:] if start < count else expected)


def test_selection_keeps_what_is_known_of_the_source(frame_folder: Make, frames: Frames) -> None:
    folder = frame_folder(frames, pattern="{:08d}.jpg", first=7)
    source = open_clip(folder)
    clip = select_frames(source, 1, 2)
    assert (clip.name, clip.path, clip.facts.lossy) == ("clip", folder, True)
    assert clip.facts.conversion == source.facts.conversion
    assert clip.facts.frame_names == ("00000008", "00000009")
    np.testing.assert_array_equal(list(clip.frames()), list(source.frames(1, 3)))


def test_selection_of_a_real_video(real_videos: Path) -> None:
    source = open_clip(real_videos / "carphone_pristine.mp4")
    clip = select_frames(source, 30, 3, Crop(top=16, left=8, height=64, width=80))
    whole = list(source.frames())
    for frame, expected in zip(clip.frames(), whole[30:33], strict=True):
        np.testing.assert_array_equal(frame, expected[16:80, 8:88])
        assert frame.flags.c_contiguous


@pytest.mark.parametrize(("first", "count"), [(0, 5), (4, 1), (-1, 2), (2, 0)])
def test_selection_of_frames_that_are_not_there(first: int, count: int) -> None:
    with pytest.raises(InputError, match="clip a has 4 frames"):
        select_frames(ArrayClip("a", make_frames()), first, count)


@pytest.mark.parametrize(("top", "left", "height", "width"), [(1, 0, 24, 32), (0, 1, 24, 32), (0, 0, 25, 1), (24, 0, 1, 1)])
def test_crop_that_reaches_outside(top: int, left: int, height: int, width: int) -> None:
    with pytest.raises(InputError, match="extends outside"):
        select_frames(ArrayClip("a", make_frames()), 0, 1, Crop(top=top, left=left, height=height, width=width))


def test_selection_digest_depends_on_source_frames_and_crop_alone() -> None:
    source = ArrayClip("a", make_frames())
    crop = Crop(top=0, left=0, height=8, width=8)
    digest = select_frames(source, 0, 2, crop).digest()
    assert select_frames(ArrayClip("b", make_frames()), 0, 2, crop, "other name").digest() == digest
    others = [
        select_frames(source, 1, 2, crop),
        select_frames(source, 0, 3, crop),
        select_frames(source, 0, 2),
        select_frames(source, 0, 2, Crop(top=1, left=0, height=8, width=8)),
        select_frames(ArrayClip("a", make_frames(seed=1)), 0, 2, crop),
        source,
    ]
    assert len({digest, *(clip.digest() for clip in others)}) == 7
