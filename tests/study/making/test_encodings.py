"""A study's videos: key frames at the same places, files of the same size, and a browser plays them with their padding."""

from __future__ import annotations

import base64
import subprocess
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Browser

from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.clips.reading import open_clip
from mgld_bench.report.videos.encodings import Encoding, encode
from mgld_bench.study.making.encodings import CLOSE, EXACT, SPARE, write_padded
from tests.helpers.browser import opened

COUNT, SIDE, RATE = 20, 64, 10
NOISE = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3)).astype(np.uint8)
FLAT = np.full_like(NOISE, 90)
CUT = np.where(np.arange(COUNT)[:, None, None, None] < 11, FLAT, 255 - FLAT // 2).astype(np.uint8)
"""With a cut, where encoders like to put a key frame."""


def padded(folder: Path, name: str, frames: np.ndarray, encoding: Encoding, size: int = 0) -> Path:
    plain, file = folder / f"{name}.plain{encoding.suffix}", folder / f"{name}{encoding.suffix}"
    encode(ArrayClip(name, frames), Fraction(RATE), encoding, plain, lambda: None)
    with file.open("wb") as target:
        write_padded(plain, target, size or plain.stat().st_size + SPARE)
    return file


def key_frames(file: Path) -> list[int]:
    command = [ffmpeg_binary(), "-hide_banner", "-i", str(file), "-vf", "showinfo", "-f", "null", "-"]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    shown = [line for line in said.splitlines() if " iskey:" in line]
    assert len(shown) == COUNT
    return [index for index, line in enumerate(shown) if " iskey:1 " in line]


@pytest.mark.parametrize("encoding", [EXACT, CLOSE], ids=["exact", "close"])
def test_key_frames_and_sizes_are_the_same_whatever_a_video_shows(tmp_path: Path, encoding: Encoding) -> None:
    files = [
        padded(tmp_path, name, frames, encoding, 800_000) for name, frames in (("noise", NOISE), ("flat", FLAT), ("cut", CUT))
    ]
    assert [key_frames(file) for file in files] == [[0, 8, 16]] * 3
    assert {file.stat().st_size for file in files} == {800_000}
    shown = np.stack(list(open_clip(files[2]).frames())).astype(int)
    assert np.abs(shown - CUT).max() <= (0 if encoding is EXACT else 2)
    # The padding is not what a compressing proxy would take out again.
    assert len(set(files[1].read_bytes()[-100_000:])) == 256


def test_there_is_no_padding_of_less_than_its_header(tmp_path: Path) -> None:
    file = tmp_path / "a.webm"
    file.write_bytes(b"x" * 100)
    with (tmp_path / "b.webm").open("wb") as target, pytest.raises(ValueError, match="cannot be padded to 115"):
        write_padded(file, target, 115)


PAGE = """<!doctype html><meta charset="utf-8"><script>
async function played(source) {
  const video = document.createElement("video");
  video.muted = true; video.src = source; document.body.append(video);
  await new Promise((done, failed) => { video.onloadeddata = done; video.onerror = () => failed(video.error.message); });
  video.currentTime = 12.5 / %d;
  await new Promise(done => { video.onseeked = done; });
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth; canvas.height = video.videoHeight;
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0);
  const pixels = [...pen.getImageData(0, 0, canvas.width, canvas.height).data];
  video.currentTime = 0; video.playbackRate = 4;
  const end = new Promise(done => { video.onended = done; });
  await video.play(); await end;
  return {duration: video.duration, width: video.videoWidth, pixels};
}
</script><body></body>"""


@pytest.mark.parametrize("encoding", [EXACT, CLOSE], ids=["exact", "close"])
def test_a_browser_plays_a_padded_video_to_its_end(browser: Browser, tmp_path: Path, encoding: Encoding) -> None:
    # The largest padding there may be, of a video that shows next to nothing, and the smallest after it.
    file = padded(tmp_path, "cut", CUT, encoding, 700_000)
    with (tmp_path / f"more{encoding.suffix}").open("wb") as target:
        write_padded(file, target, file.stat().st_size + SPARE)
    (tmp_path / "page.html").write_text(PAGE % RATE)
    media = encoding.media_type.partition(";")[0]
    source = f"data:{media};base64,{base64.b64encode((tmp_path / f'more{encoding.suffix}').read_bytes()).decode()}"
    with opened(browser, tmp_path / "page.html") as page:
        shown = page.evaluate("source => played(source)", source)
    assert shown["duration"] == pytest.approx(COUNT / RATE, abs=0.06)
    pixels = np.array(shown["pixels"]).reshape(SIDE, SIDE, 4)[..., :3]
    assert np.abs(pixels - CUT[12].astype(int)).max() <= (0 if encoding is EXACT else 3)
