from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgld_bench.clips.clip import ArrayClip, Clip
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.engine.progress import Silent
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.videos.budget import parse_size
from mgld_bench.report.videos.region import find_region
from mgld_bench.report.videos.wanted import VideoChoice, VideoWish
from mgld_bench.report.videos.write import VideoSet, encode_videos
from tests.helpers.handmade import make_data


class Lines(Silent):
    """Keeps what the user reads, and how many frames were done."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.frames = 0

    def log(self, line: str) -> None:
        self.lines.append(line)

    def advance(self, frames: int) -> None:
        self.frames += frames


def moving(height: int, width: int, frames: int = 6, seed: int = 0) -> ArrayClip:
    """Flat grey with a patch of noise in its right half, that moves by 2 pixels a frame."""
    still = np.full((height, width, 3), 90, np.uint8)
    noise = np.random.default_rng(seed).integers(0, 256, (height // 4, width // 4, 3), dtype=np.uint8)
    still[height // 2 : height // 2 + noise.shape[0], width // 2 : width // 2 + noise.shape[1]] = noise
    content = np.stack([np.roll(still, 2 * index, axis=(0, 1)) for index in range(frames)])
    return ArrayClip("000", content)


def report_of(truth: Clip, low: Clip, **restored: Clip) -> ReportData:
    """A report with one clip."""
    data = make_data({("one", "a", "psnr.rgb"): {"000": 20.0}}, {"one": ("000",)}, dict.fromkeys(restored, "A"))
    return replace(data, pictures=(PictureSource("one", "000", low, truth, restored),))


def write(data: ReportData, folder: Path, choice: VideoChoice, limit: int = 10**9) -> tuple[VideoSet, Lines]:
    lines = Lines()
    return encode_videos(data, folder / "report", VideoWish(folder / "kept", choice, limit), lines), lines


def videos(found: VideoSet, side: str) -> dict[str, dict[str, Any]]:
    return {video["kind"]: video for video in found.sides["one/000"][side]["videos"]}


@pytest.fixture(scope="module")
def small() -> ReportData:
    """Odd sizes, since video formats prefer even ones."""
    return report_of(moving(66, 90), moving(33, 45), a=moving(66, 90, seed=1))


def test_exact_videos_read_back_bit_for_bit_and_previews_nearly(small: ReportData, tmp_path: Path) -> None:
    found, _ = write(small, tmp_path, "crops")
    source = small.pictures[0]
    assert source.ground_truth is not None
    for side, clip in {"LR": source.lr, "a": source.restored["a"], "GT": source.ground_truth}.items():
        exact, preview = videos(found, side)["exact"], videos(found, side)["preview"]
        assert exact["region"] is preview["region"] is None
        frames = np.stack(list(clip.frames()))
        assert np.array_equal(np.stack(list(open_clip(tmp_path / "report" / exact["src"]).frames())), frames)
        shown = np.stack(list(open_clip(tmp_path / "report" / preview["src"]).frames()))[:, : clip.height, : clip.width]
        assert shown.shape == frames.shape
        assert np.abs(shown.astype(int) - frames).mean() < 6
        assert (tmp_path / "report" / found.sides["one/000"][side]["poster"]).stat().st_size > 0


def test_the_next_report_encodes_nothing_and_shares_the_files(small: ReportData, tmp_path: Path) -> None:
    first, said = write(small, tmp_path, "crops")
    assert any("6 of 6 to encode; all together they take about" in line for line in said.lines)
    assert said.frames == 3 + 1 + 6 * 6
    before = {file: file.stat() for file in first.files}
    shutil.rmtree(tmp_path / "report")
    again, said = write(small, tmp_path, "crops")
    assert again == first
    assert said.lines == [] and said.frames == 0
    assert {file: file.stat().st_ino for file in again.files} == {file: facts.st_ino for file, facts in before.items()}
    # Whoever edits a video of a report edits the one that is kept: it is made again.
    edited = next(file for file in first.files if file.suffix == ".mp4")
    whole = edited.read_bytes()
    edited.write_bytes(whole[:-9])
    again, said = write(small, tmp_path, "crops")
    assert again == first
    assert said.lines == ["videos: 1 of 6 kept files were changed since, and are made again"]
    assert edited.read_bytes() == whole
    # Another checkpoint: only its two videos and its poster are new.
    source = small.pictures[0]
    changed = replace(small, pictures=(replace(source, restored={"a": moving(66, 90, seed=2)}),))
    _, said = write(changed, tmp_path, "crops")
    assert said.frames == 2 * 6 + 1


def test_a_large_clip_is_exact_where_detail_was_lost(tmp_path: Path) -> None:
    truth = moving(400, 640, frames=2)
    low = ArrayClip("000", np.full((2, 100, 160, 3), 90, np.uint8))
    data = report_of(truth, low, a=moving(400, 640, frames=2, seed=1), small=moving(200, 300, frames=2))
    region = find_region(data.pictures[0])
    # The patch of noise is 100x160 from (200, 320) on.
    assert region.top <= 200 and region.left <= 320 and region.top + region.height >= 300 and region.left + region.width >= 480
    found, _ = write(data, tmp_path, "crops")
    assert videos(found, "GT")["exact"]["region"] == region.model_dump()
    assert videos(found, "GT")["preview"]["region"] is None
    cut = np.stack(list(truth.frames()))[:, region.top : region.top + region.height, region.left : region.left + region.width]
    assert np.array_equal(np.stack(list(open_clip(tmp_path / "report" / videos(found, "GT")["exact"]["src"]).frames())), cut)
    assert open_clip(tmp_path / "report" / videos(found, "LR")["exact"]["src"]).width == region.width // 4
    # A side of another size has no such part.
    assert set(videos(found, "small")) == {"preview"}
    whole, _ = write(data, tmp_path, "full")
    assert open_clip(tmp_path / "report" / videos(whole, "GT")["exact"]["src"]).width == 640


def test_no_videos_are_posters_only(small: ReportData, tmp_path: Path) -> None:
    found, said = write(small, tmp_path, "none")
    assert [side["videos"] for side in found.sides["one/000"].values()] == [[], [], []]
    assert {file.suffix for file in found.files} == {".jpg"}
    assert said.lines == []


def test_what_is_over_the_limit_is_less_and_said(small: ReportData, tmp_path: Path) -> None:
    found, said = write(small, tmp_path, "full", limit=1000)
    assert [side["videos"] for side in found.sides["one/000"].values()] == [[], [], []]
    assert len(said.lines) == 1 and said.lines[0] == found.note
    assert "full would take" in found.note and "crops would take" in found.note
    assert "the limit is 1 kB (--videos-limit)" in found.note and found.note.endswith("none instead")
    # What is in between: previews of whole frames take less than exact videos.
    everything, _ = write(small, tmp_path / "all", "crops")
    limit = sum((tmp_path / "all/report" / videos(everything, side)["exact"]["src"]).stat().st_size for side in ("LR", "a", "GT"))
    found, _ = write(small, tmp_path / "all", "full", limit)
    assert found.note.endswith("previews instead")
    assert all(set(videos(found, side)) == {"preview"} for side in ("LR", "a", "GT"))


@pytest.mark.parametrize("text", ["10", "10 kB", "-1GB", "many", ""])
def test_a_limit_is_a_size(text: str) -> None:
    assert parse_size("1.5 gb") == 1_500_000_000
    with pytest.raises(InputError, match="write a size such as 500MB or 10GB"):
        parse_size(text)


def test_a_frame_that_is_gone_is_an_error_and_leaves_nothing_half(tmp_path: Path) -> None:
    for index, frame in enumerate(moving(64, 96).frames()):
        write_frame(tmp_path / "a" / frame_name(index), frame)
    data = report_of(moving(64, 96), moving(16, 24), a=open_clip(tmp_path / "a", "000"))
    (tmp_path / "a" / frame_name(4)).write_bytes(b"")
    with pytest.raises(InputError, match=r"00000004\.png"):
        write(data, tmp_path, "crops")
    assert not list((tmp_path / "kept").rglob(".*.tmp"))


class Interrupted(Lines):
    """Ctrl-C once the first video is there."""

    def __init__(self, kept: Path) -> None:
        super().__init__()
        self._kept = kept

    def advance(self, frames: int) -> None:
        if list(self._kept.glob("*/[!.]*.mp4")):
            raise KeyboardInterrupt


def test_after_ctrl_c_the_next_report_goes_on(tmp_path: Path) -> None:
    data = report_of(moving(128, 160, 30), moving(32, 40, 30), a=moving(128, 160, 30, seed=1))
    with pytest.raises(KeyboardInterrupt):
        encode_videos(data, tmp_path / "report", VideoWish(tmp_path / "kept"), Interrupted(tmp_path / "kept"))
    assert not list((tmp_path / "kept").rglob(".*.tmp"))
    done = {path: path.stat().st_mtime_ns for path in (tmp_path / "kept").glob("*/[!.]*")}
    found, said = write(data, tmp_path, "crops")
    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    assert said.frames == 30 * (6 - sum(path.suffix in {".mp4", ".webm"} for path in done))
    assert len(videos(found, "GT")) == 2


KILLED = """
import sys, numpy as np
from pathlib import Path
from tests.report.videos.test_encode_videos import moving, report_of, write
print("ready", flush=True)
write(report_of(moving(256, 320, 60), moving(64, 80, 60), a=moving(256, 320, 60, 1)), Path(sys.argv[1]), "crops")
"""


@pytest.mark.slow
def test_after_a_kill_the_next_report_goes_on(tmp_path: Path) -> None:
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, env={**os.environ})
    kept = tmp_path / "kept"
    deadline = time.monotonic() + 60
    while not list(kept.glob("*/[!.]*.mp4")) and child.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    child.send_signal(signal.SIGKILL)
    child.communicate()
    done = {path: path.stat().st_mtime_ns for path in kept.glob("*/[!.]*")}
    assert any(path.suffix == ".mp4" for path in done)
    data = report_of(moving(256, 320, 60), moving(64, 80, 60), a=moving(256, 320, 60, 1))
    found, said = write(data, tmp_path, "crops")
    assert all(path.stat().st_mtime_ns == at for path, at in done.items())
    assert said.frames < 6 * 60
    assert len(videos(found, "GT")) == 2
    assert not list(kept.glob("*/.*.tmp"))
