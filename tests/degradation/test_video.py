from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.degradation.canary import row_problem
from mgld_bench.degradation.plan import Codec
from mgld_bench.degradation.video import decode_video, encode_video, payload_bits
from mgld_bench.errors import InputError


def frames_of(clip: ArrayClip) -> np.ndarray:
    return np.stack(list(clip.frames()))


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_the_same_frames_give_the_same_bytes_every_time(codec: Codec, bunny: ArrayClip, tmp_path: Path) -> None:
    written = set()
    for attempt in range(8):
        path = tmp_path / f"{attempt}.mp4"
        encode_video(frames_of(bunny), 112, 160, codec, 30_000, path)
        written.add(path.read_bytes())
    assert len(written) == 1


def test_h264_is_libx264(bunny: ArrayClip, tmp_path: Path) -> None:
    encode_video(frames_of(bunny), 112, 160, "libx264", 30_000, tmp_path / "a.mp4")
    encode_video(frames_of(bunny), 112, 160, "h264", 30_000, tmp_path / "b.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()


def test_all_frames_come_back_in_order_and_alike(bunny: ArrayClip, tmp_path: Path) -> None:
    frames = frames_of(bunny)
    encode_video(frames, 112, 160, "libx264", 100_000, tmp_path / "a.mp4")
    decoded = np.stack(list(decode_video(tmp_path / "a.mp4", 112, 160, 5)))
    error = np.square(decoded[:, None].astype(float) - frames[None]).mean(axis=(2, 3, 4))
    assert list(error.argmin(axis=1)) == [0, 1, 2, 3, 4]
    assert 10 * np.log10(255**2 / np.diag(error).mean()) > 30


def test_more_bits_give_better_frames(bunny: ArrayClip, tmp_path: Path) -> None:
    errors = []
    for bits in (1_000, 100_000):
        path = tmp_path / f"{bits}.mp4"
        encode_video(frames_of(bunny), 112, 160, "libx264", bits, path)
        decoded = np.stack(list(decode_video(path, 112, 160, 5)))
        errors.append(np.square(np.subtract(decoded, frames_of(bunny), dtype=float)).mean())
    assert errors[1] < errors[0]


def test_payload_is_the_file_without_its_container(bunny: ArrayClip, tmp_path: Path) -> None:
    path = tmp_path / "a:b.mp4"
    encode_video(frames_of(bunny), 112, 160, "mpeg4", 50_000, path)
    bits = payload_bits(path)
    assert len(bits) == 5
    assert 0 < 8 * path.stat().st_size - sum(bits) < 8 * 2000


def test_a_truncated_stream_is_an_error_that_names_it(bunny: ArrayClip, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    encode_video(frames_of(bunny), 112, 160, "libx264", 50_000, path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 3])
    with pytest.raises(InputError, match=r"a\.mp4"):
        list(decode_video(path, 112, 160, 5))


@pytest.mark.parametrize("count", [4, 6])
def test_another_number_of_frames_is_an_error(count: int, bunny: ArrayClip, tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    encode_video(frames_of(bunny), 112, 160, "libx264", 50_000, path)
    with pytest.raises(InputError, match=rf"a\.mp4: has 5 frames of 160x112, expected {count}"):
        list(decode_video(path, 112, 160, count))


def test_odd_sizes_are_refused_by_x264(tmp_path: Path) -> None:
    frames = np.zeros((2, 33, 32, 3), np.uint8)
    with pytest.raises(InputError, match=r"encoding a\.mp4 with libx264: ffmpeg failed"):
        encode_video(frames, 33, 32, "libx264", 10_000, tmp_path / "a.mp4")


def test_the_encoders_of_this_machine_pass_the_canary() -> None:
    # In a process of its own: what it finds is kept for the process.
    command = "from mgld_bench.degradation.canary import encoder_canary; print(encoder_canary())"
    done = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, env=dict(os.environ), check=True)
    assert done.stdout.strip() == "[]"


def test_the_canary_notices_other_frames(bunny: ArrayClip) -> None:
    row = {"source": "clean", "codec": "mpeg4", "bit_rate": 30_000, "sha256": "0" * 64}
    expected = "encoder mpeg4 at 30000 bits per frame (clean frames) does not give the expected frames"
    assert row_problem(row, frames_of(bunny)) == expected
