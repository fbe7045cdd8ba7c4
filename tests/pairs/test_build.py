from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip, Frame
from mgld_bench.clips.reading import open_clip
from mgld_bench.degradation.loading import degrade_clip
from mgld_bench.degradation.video import decode_video
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.build import build_pair


def content(folder: Path) -> dict[str, str]:
    """sha256 of every file below ``folder``; of the side file without what may differ."""
    found = {}
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        data = path.read_bytes()
        if path.suffix == ".json":
            side = json.loads(data)
            side.pop("made_on")
            data = json.dumps(side).encode()
        found[path.relative_to(folder).as_posix()] = hashlib.sha256(data).hexdigest()
    return found


def test_a_pair_has_frames_streams_and_a_side_file(built: Path, bunny: ArrayClip) -> None:
    names = [f"{index:08d}.png" for index in range(5)]
    expected = [*(f"GT/bunny/{name}" for name in names), *(f"LQ/bunny/{name}" for name in names)]
    assert list(content(built)) == sorted([*expected, "bunny.json", "bunny.video1.mp4", "bunny.video2.mp4"])
    stored = np.stack(list(open_clip(built / "GT" / "bunny").frames()))
    np.testing.assert_array_equal(stored, np.stack(list(bunny.frames())))
    low = np.stack(list(open_clip(built / "LQ" / "bunny").frames()))
    assert low.shape == (5, 28, 40, 3)
    side = json.loads((built / "bunny.json").read_text())
    assert side["key"] == "key-1"
    assert side["protocol"] == "pairs-v1"
    assert side["LQ"]["sha256"] == [hashlib.sha256(frame).hexdigest() for frame in low]
    assert side["GT"]["sha256"] == [hashlib.sha256(frame).hexdigest() for frame in stored]
    applied = {operation["op"] for operation in side["plan"]["operations"] if operation["applied"]}
    assert set(side["after"]) == applied
    assert side["streams"][1]["sha256"] == hashlib.sha256((built / "bunny.video2.mp4").read_bytes()).hexdigest()
    assert side["made_with"]["ffmpeg_sha256"] and side["made_with"]["x264"].startswith("core")


def test_statistics_are_those_of_the_stored_frames(built: Path) -> None:
    # An enlargement of its own (OpenCV's bicubic, no anti-aliasing when enlarging either) agrees to a tenth of a decibel.
    truth, low = (np.stack(list(open_clip(built / side / "bunny").frames())).astype(float) for side in ("GT", "LQ"))
    enlarged = np.stack([cv2.resize(frame, (160, 112), interpolation=cv2.INTER_CUBIC) for frame in low]).clip(0, 255)
    psnr = np.mean(10 * np.log10(255**2 / np.square(enlarged - truth).mean(axis=(1, 2, 3))))
    statistics = json.loads((built / "bunny.json").read_text())["statistics"]
    assert statistics["psnr_bicubic"] == pytest.approx(psnr, abs=0.1)
    assert statistics["change_between_frames"] == pytest.approx(np.abs(np.diff(low, axis=0)).mean(), abs=1e-6)


CHILD = """
import sys
from pathlib import Path
import cv2
import numpy as np
from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.pairs.build import build_pair
cv2.setNumThreads(int(sys.argv[3]))
frames = np.load(sys.argv[1])
for profile in ("mgld", "realbasicvsr"):
    card = DegradationCard(name="d", profile=profile)
    build_pair(ArrayClip("bunny", frames), "demo", "bunny", card, Path(sys.argv[2]) / profile, "key-1")
"""

MACHINES = {
    "one thread": ("1", {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}),
    "seven threads": ("7", {"OMP_NUM_THREADS": "7", "OPENBLAS_NUM_THREADS": "5"}),
    # What OpenCV and NumPy would do on a CPU of 2013, and OpenCV on one that IPP does not know.
    "another CPU": (
        "3",
        {
            "OPENCV_CPU_DISABLE": "AVX512-SKX,AVX2,FP16,AVX",
            "OPENCV_IPP": "disabled",
            "OPENBLAS_CORETYPE": "Haswell",
            "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
        },
    ),
}


def test_building_twice_gives_the_same_bytes_whatever_the_machine(bunny: ArrayClip, tmp_path: Path) -> None:
    np.save(tmp_path / "frames.npy", np.stack(list(bunny.frames())))
    contents = []
    for name, (threads, settings) in MACHINES.items():
        command = [sys.executable, "-c", CHILD, str(tmp_path / "frames.npy"), str(tmp_path / name), str(threads)]
        subprocess.run(command, env=os.environ | settings, check=True)
        contents.append(content(tmp_path / name))
    assert len(contents[0]) == 2 * 13
    for other in contents[1:]:
        assert other == contents[0]


def test_the_same_key_is_built_once(built: Path, bunny: ArrayClip, mgld: DegradationCard) -> None:
    before = {path: path.stat().st_mtime_ns for path in built.rglob("*.*")}
    side = build_pair(bunny, "demo", "bunny", mgld, built, "key-1")
    assert side == built / "bunny.json"
    assert {path: path.stat().st_mtime_ns for path in built.rglob("*.*")} == before


def test_another_key_replaces_the_pair(built: Path, bunny: ArrayClip, mgld: DegradationCard) -> None:
    before = content(built)
    short = ArrayClip("bunny", np.stack(list(bunny.frames(0, 3))))
    build_pair(short, "demo", "bunny", mgld.model_copy(update={"salt": 1}), built, "key-2")
    after = content(built)
    assert sorted(path.name for path in (built / "LQ" / "bunny").iterdir()) == [f"{index:08d}.png" for index in range(3)]
    assert after["bunny.json"] != before["bunny.json"]
    assert after["bunny.video2.mp4"] != before["bunny.video2.mp4"]


@pytest.mark.parametrize("lost", ["bunny.json", "bunny.video1.mp4", "LQ/bunny/00000002.png"])
def test_what_is_missing_is_built_again(lost: str, built: Path, bunny: ArrayClip, mgld: DegradationCard) -> None:
    before = content(built)
    (built / lost).unlink()
    build_pair(bunny, "demo", "bunny", mgld, built, "key-1")
    assert content(built) == before


class InterruptedClip(ArrayClip):
    """Ctrl-C comes when this many frames have been read of it, counted over the passes of the build."""

    def __init__(self, clip: ArrayClip, reads: int) -> None:
        super().__init__(clip.name, np.stack(list(clip.frames())))
        self._left = reads

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        for frame in super().frames(start, stop):
            if self._left == 0:
                raise KeyboardInterrupt
            self._left -= 1
            yield frame


@pytest.mark.parametrize("reads", [0, 3, 5, 9])
def test_an_interrupted_build_leaves_nothing_that_looks_finished(
    reads: int, bunny: ArrayClip, mgld: DegradationCard, built: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "interrupted"
    with pytest.raises(KeyboardInterrupt):
        build_pair(InterruptedClip(bunny, reads), "demo", "bunny", mgld, folder, "key-1")
    assert [path.name for path in folder.iterdir()] == [".bunny.partial"]
    build_pair(bunny, "demo", "bunny", mgld, folder, "key-1")
    assert content(folder) == content(built)


def test_degrade_clip_gives_the_frames_of_the_built_pair(built: Path, bunny: ArrayClip, mgld: DegradationCard) -> None:
    stored = np.stack(list(open_clip(built / "LQ" / "bunny").frames()))
    np.testing.assert_array_equal(degrade_clip(bunny, mgld, "demo")[0], stored)


def test_where_video_comes_last_the_lr_frames_are_the_decoded_ones(
    bunny: ArrayClip, original: DegradationCard, tmp_path: Path
) -> None:
    for salt in range(20):
        card = original.model_copy(update={"salt": salt})
        side: dict[str, Any] = json.loads(build_pair(bunny, "demo", "bunny", card, tmp_path / str(salt), "key").read_text())
        if side["plan"]["operations"][-1]["op"] == "video_2":
            decoded = list(decode_video(tmp_path / str(salt) / "bunny.video2.mp4", 28, 40, 5))
            np.testing.assert_array_equal(decoded, list(open_clip(tmp_path / str(salt) / "LQ" / "bunny").frames()))
            return
    raise AssertionError("no draw of 20 had the video compression last")


def test_ground_truth_that_is_no_multiple_of_four_is_refused(mgld: DegradationCard, tmp_path: Path) -> None:
    clip = ArrayClip("odd", np.zeros((1, 66, 64, 3), np.uint8))
    with pytest.raises(InputError, match="clip odd: the ground truth is 64x66: crop it to multiples of 4 first"):
        build_pair(clip, "demo", "odd", mgld, tmp_path, "key")
    assert list(tmp_path.iterdir()) == []


def test_encoders_that_fail_the_canary_build_only_by_force(
    bunny: ArrayClip, mgld: DegradationCard, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = ["encoder mpeg4 does not give the expected frames"]
    monkeypatch.setattr("mgld_bench.degradation.realbasicvsr.encoder_canary", lambda: found)
    with pytest.raises(
        CheckError, match=r"clip bunny: the pair cannot be built here .* encoder mpeg4 does not give the expected frames"
    ):
        build_pair(bunny, "demo", "bunny", mgld, tmp_path, "key")
    assert list(tmp_path.iterdir()) == []
    side = json.loads(build_pair(bunny, "demo", "bunny", mgld, tmp_path, "key", force=True).read_text())
    assert side["encoder_canary"] == ["encoder mpeg4 does not give the expected frames"]
