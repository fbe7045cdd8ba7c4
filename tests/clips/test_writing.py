"""What is written reads back bit for bit, and appears whole or not at all."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from PIL import Image

from mgld_bench.clips.atomic import write_bytes_atomic, write_json_atomic
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import encode_png, frame_name, write_frame, write_video
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import Frames, make_frames, run_ffmpeg

any_frames = hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=20).flatmap(
    lambda size: st.integers(1, 4).flatmap(lambda count: hnp.arrays(np.uint8, (count, *size, 3)))
)
SLOW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@settings(max_examples=100, deadline=None)
@given(any_frames)
def test_png_equals_the_frame_in_another_decoder(frames: Frames) -> None:
    data = encode_png(frames[0])
    with Image.open(io.BytesIO(data)) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")
        np.testing.assert_array_equal(np.asarray(image), frames[0])
    assert encode_png(frames[0]) == data


def test_png_of_a_view_equals_that_of_a_copy() -> None:
    view = make_frames(1)[0, ::2, ::-1]
    assert encode_png(view) == encode_png(view.copy())


@pytest.mark.parametrize(
    "frame", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), np.zeros((0, 4, 3), np.uint8)]
)
def test_what_is_no_frame_is_refused(frame: Frames) -> None:
    with pytest.raises(InputError, match=r"a frame must be \(height, width, 3\) uint8"):
        encode_png(frame)


@SLOW
@given(any_frames)
def test_folder_of_written_frames_reads_back(tmp_path_factory: pytest.TempPathFactory, frames: Frames) -> None:
    folder = tmp_path_factory.mktemp("clip")
    for index, frame in enumerate(frames):
        write_frame(folder / frame_name(index), frame)
    clip = open_clip(folder)
    np.testing.assert_array_equal(list(clip.frames()), frames)
    assert not clip.facts.lossy
    assert dict(clip.facts.conversion) == {}
    assert sorted(file.name for file in folder.iterdir()) == [frame_name(index) for index in range(len(frames))]


@pytest.mark.parametrize("ending", [".mkv", ".mp4"])
@SLOW
@given(any_frames)
def test_written_video_reads_back(tmp_path_factory: pytest.TempPathFactory, ending: str, frames: Frames) -> None:
    assume(frames.shape[2] > 1)  # FFV1 has no frames of one column
    path = tmp_path_factory.mktemp("video") / f"a{ending}"
    write_video(path, iter(frames), Fraction(30000, 1001))
    clip = open_clip(path)
    np.testing.assert_array_equal(list(clip.frames()), frames)
    assert not clip.facts.lossy
    assert dict(clip.facts.conversion) == {}


@pytest.mark.parametrize("ending", [".mkv", ".mp4"])
def test_written_video_in_another_command(tmp_path: Path, ending: str) -> None:
    frames = make_frames(5, 34, 50)
    path = tmp_path / f"a{ending}"
    write_video(path, frames, 25)
    raw = run_ffmpeg("-i", path, "-pix_fmt", "rgb24", "-f", "rawvideo", "-")
    np.testing.assert_array_equal(np.frombuffer(raw, np.uint8).reshape(frames.shape), frames)
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_video_of_another_ending_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a\.avi: the suffix of a lossless video must be \.mkv or \.mp4"):
        write_video(tmp_path / "a.avi", make_frames(), 25)


def test_video_without_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="there are no frames to write"):
        write_video(tmp_path / "a.mkv", [], 25)


def test_failed_video_leaves_nothing_and_keeps_what_was_there(tmp_path: Path) -> None:
    path = tmp_path / "a.mkv"
    path.write_bytes(b"before")

    def frames() -> Iterator[Frames]:
        yield from make_frames(3)
        yield make_frames(1, 30, 30)[0]

    with pytest.raises(InputError, match="a frame is 30x30, but the first is 32x24"):
        write_video(path, frames(), 25)
    assert path.read_bytes() == b"before"
    assert [file.name for file in tmp_path.iterdir()] == ["a.mkv"]


def test_frame_names_sort_as_numbers() -> None:
    assert frame_name(0) == "00000000.png"
    assert frame_name(12_345) == "00012345.png"


def test_bytes_replace_what_was_there_and_folders_are_made(tmp_path: Path) -> None:
    path = tmp_path / "a" / "b" / "file.bin"
    write_bytes_atomic(path, b"one")
    write_bytes_atomic(path, b"two")
    assert path.read_bytes() == b"two"
    assert [file.name for file in path.parent.iterdir()] == ["file.bin"]


def test_written_file_has_the_rights_of_any_other_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    write_bytes_atomic(tmp_path / "ours", b"")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


def test_file_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file/below: cannot be written: "):
        write_bytes_atomic(tmp_path / "file" / "below", b"x")
    (tmp_path / "folder").mkdir()
    with pytest.raises(InputError, match="folder: cannot be written: "):
        write_bytes_atomic(tmp_path / "folder", b"x")
    assert sorted(place.name for place in tmp_path.iterdir()) == ["file", "folder"]


def test_json_is_sorted_and_readable(tmp_path: Path) -> None:
    value = {"b": [1, 2.5, None], "a": {"ü": True}}
    write_json_atomic(tmp_path / "a.json", value)
    text = (tmp_path / "a.json").read_text("utf-8")
    assert text == '{\n "a": {\n  "ü": true\n },\n "b": [\n  1,\n  2.5,\n  null\n ]\n}\n'
    assert json.loads(text) == value


def test_json_has_no_nan(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_json_atomic(tmp_path / "a.json", float("nan"))
    assert list(tmp_path.iterdir()) == []


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from mgld_bench.clips.atomic import write_bytes_atomic
for number in range(10**9):
    write_bytes_atomic(Path(sys.argv[1]), bytes([number % 256]) * 200_000)
"""


def test_killed_writer_leaves_a_whole_file(tmp_path: Path) -> None:
    path = tmp_path / "file"
    random = np.random.default_rng(0)
    for _ in range(6):
        writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, path])
        while not path.exists():
            time.sleep(0.005)
        time.sleep(float(random.uniform(0, 0.05)))
        writer.kill()
        writer.wait()
        data = path.read_bytes()
        assert len(data) == 200_000
        assert len(set(data)) == 1
        path.unlink()
    # What a killed writer leaves behind is hidden, and no frame.
    assert all(file.name.startswith(".") for file in tmp_path.iterdir())


def test_umask_is_kept(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write_bytes_atomic(tmp_path / "a", b"")
    finally:
        os.umask(before)
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o640
