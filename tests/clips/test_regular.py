"""Pipes and devices in the place of frames, videos and files: one line, at once."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from mgld_bench.clips.digest import file_sha256
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.errors import InputError
from tests.helpers.clip_samples import make_frames


def put_pipe(place: Path) -> str:
    os.mkfifo(place)
    return "is a pipe"


def put_device(place: Path) -> str:
    place.symlink_to("/dev/zero")
    return "is a device"


@pytest.mark.parametrize("put", [put_pipe, put_device])
def test_only_files_are_read(tmp_path: Path, put: object) -> None:
    assert callable(put)
    frames = tmp_path / "clip"
    for index, frame in enumerate(make_frames(count=2)):
        write_frame(frames / frame_name(index), frame)
    (frames / frame_name(1)).unlink()
    what = put(frames / frame_name(1))
    with pytest.raises(InputError, match=f"00000001.png: {what}, not a file"):
        list(open_clip(frames).frames())
    put(tmp_path / "video.mp4")
    with pytest.raises(InputError, match=f"video.mp4: {what}, not a file"):
        open_clip(tmp_path / "video.mp4")
    with pytest.raises(InputError, match=f"video.mp4: {what}, not a file"):
        file_sha256(tmp_path / "video.mp4")
