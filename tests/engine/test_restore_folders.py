"""Restoring folders of clips: what is refused before any work, what a damaged clip leaves alone, and videos."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

import mgld_bench
from mgld_bench.clips.clip import ArrayClip
from mgld_bench.clips.ffmpeg import ffmpeg_binary
from mgld_bench.clips.frame_rate import FOLDER_RATE, frames_per_second, parse_rate
from mgld_bench.clips.reading import find_clips, open_clip
from mgld_bench.clips.writing import write_frame, write_video
from mgld_bench.engine.progress import Silent
from mgld_bench.engine.restore_folders import Wish, restore_clips, restore_folder
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.restoring.record import read_record
from tests.helpers.command import call


def frames(count: int = 3, seed: int = 0) -> list[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
    return list(np.random.default_rng(seed).integers(0, 256, (count, 12, 16, 3), np.uint8))


def folder(path: Path, count: int = 3, seed: int = 0) -> Path:
    for index, frame in enumerate(frames(count, seed)):
        write_frame(path / f"{index:08d}.png", frame)
    return path


def restore(source: Path, output: Path, wish: Wish | None = None, method: str = "bicubic") -> list[str]:
    return [path.name for path in restore_folder(method, source, output, Compute(), (), Silent(), wish or Wish())]


def nearest(path: Path) -> Path:
    """A card of a method that is not bicubic."""
    (path / "baselines").mkdir(parents=True)
    (path / "baselines" / "other.yaml").write_text(json.dumps({"name": "other", "extends": "bicubic"}))
    return path


@pytest.mark.parametrize("relation", ["in/out", "in", "in/../in/x/y", ".", "link/out"])
def test_output_and_input_are_apart(tmp_path: Path, relation: str) -> None:
    folder(tmp_path / "in" / "a")
    (tmp_path / "link").symlink_to(tmp_path / "in")
    before = sorted(path.name for path in (tmp_path / "in").rglob("*"))
    with pytest.raises(InputError, match=r"the output (is|is inside|has inside it) the input .*choose a folder apart from it"):
        restore(tmp_path / "in", tmp_path / relation)
    with pytest.raises(InputError, match="choose a folder apart"):
        mgld_bench.restore("bicubic", tmp_path / "in" / "a", tmp_path / "in" / "a" / "out")
    assert sorted(path.name for path in (tmp_path / "in").rglob("*")) == before


def test_what_ended_between_its_frames_and_its_record_is_resumed(tmp_path: Path) -> None:
    source, output = folder(tmp_path / "in" / "a"), tmp_path / "out"
    restore(source, output)
    before = {path.name: path.read_bytes() for path in (output / "a").iterdir()}
    record = read_record(output / "a.json")
    assert record is not None
    home = output / ".a.partial"
    home.mkdir()
    (home / "key").write_text(record.key)
    (output / "a.json").rename(home / "record.json")
    assert restore(source, output) == ["a"]
    assert {path.name: path.read_bytes() for path in (output / "a").iterdir()} == before
    assert (output / "a.json").is_file() and not home.exists()


def test_scores_are_not_written_into_the_clips(tmp_path: Path) -> None:
    folder(tmp_path / "out" / "a")
    folder(tmp_path / "GT" / "a")
    for place in ("out", "out/scores", "GT/scores"):
        done = call("score", tmp_path / "out", "--gt", tmp_path / "GT", "--metrics", "psnr", "-o", tmp_path / place)
        assert done.code == 2
        assert "choose a folder apart from it" in done.err
        assert len(done.err.splitlines()) == 1


def test_a_second_method_does_not_replace_the_first_without_a_word(tmp_path: Path) -> None:
    source, output, cards = folder(tmp_path / "in" / "a"), tmp_path / "out", nearest(tmp_path / "cards")
    restore(source, output)
    before = read_record(output / "a.json")
    assert before is not None
    other = [open_clip(source)]
    with pytest.raises(InputError, match=rf"a: holds clip a, restored by bicubic \(key {before.key[:12]}.*--overwrite"):
        restore_clips("other", other, output, Compute(), [cards], Silent())
    assert read_record(output / "a.json") == before
    restore_clips("other", other, output, Compute(), [cards], Silent(), Wish(overwrite=True))
    after = read_record(output / "a.json")
    assert after is not None
    assert after.facts["method"]["name"] == "other"
    # Different input of the same name is something different too.
    write_frame(source / "00000000.png", frames(seed=1)[0])
    with pytest.raises(InputError, match=r"restored by other too, but from different input, weights"):
        restore_clips("other", [open_clip(source)], output, Compute(), [cards], Silent())


def test_all_is_checked_before_the_first_clip_is_restored(tmp_path: Path) -> None:
    folder(tmp_path / "in" / "a")
    folder(tmp_path / "in" / "b", seed=1)
    folder(tmp_path / "out" / "b")
    with pytest.raises(InputError, match=r"out/b: exists, but was not made by a restore"):
        restore(tmp_path / "in", tmp_path / "out")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [".lock", "b"]
    twice = [ArrayClip("a", np.stack(frames())), ArrayClip("a", np.stack(frames(seed=1)))]
    with pytest.raises(InputError, match="both clip a"):
        restore_clips("bicubic", twice, tmp_path / "two", Compute(), (), Silent())


def test_a_damaged_clip_does_not_hold_up_the_rest(tmp_path: Path) -> None:
    for name in ("a", "b", "d"):
        folder(tmp_path / "in" / name)
    broken = tmp_path / "in" / "b" / "00000001.png"
    broken.write_bytes(broken.read_bytes()[:60])
    write_video(tmp_path / "in" / "c.mkv", frames(20), 25)
    video = tmp_path / "in" / "c.mkv"
    video.write_bytes(video.read_bytes()[: video.stat().st_size // 2])
    done = call("restore", "bicubic", tmp_path / "in", tmp_path / "out", "--device", "cpu")
    assert done.code == 2, done.err
    assert done.out.split() == [str(tmp_path / "out" / name) for name in ("a", "d")]
    assert [path.name for path in (tmp_path / "out").iterdir() if path.is_dir() and not path.name.startswith(".")] in (
        ["a", "d"],
        ["d", "a"],
    )
    last = done.err.splitlines()[-1]
    assert last.startswith("mgld-bench: 2 of 4 clips failed; everything else is done and kept: ")
    assert "b/00000001.png" in last
    assert "c.mkv" in last
    assert "Traceback" not in done.err
    # Once they are there, the same command does just those.
    folder(tmp_path / "in" / "b")
    video.unlink()
    again = call("restore", "bicubic", tmp_path / "in", tmp_path / "out", "--device", "cpu")
    assert again.code == 0, again.err
    assert again.err.count("frames were there already") == 2


def test_an_output_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    source = folder(tmp_path / "in")
    (tmp_path / "file").touch()
    for output in (tmp_path / "file", tmp_path / "file" / "new"):
        done = call("restore", "bicubic", source, output, "--device", "cpu")
        assert done.code == 2
        assert f"{output}: cannot be written to" in done.err
        assert len(done.err.splitlines()) == 1
    with pytest.raises(InputError, match="cannot be written to"), sole_writer(tmp_path / "file"):
        pass


@pytest.mark.skipif(os.name != "posix" or not Path("/usr/bin/setpriv").exists(), reason="needs setpriv")
def test_an_output_without_permission_is_one_line(tmp_path: Path) -> None:
    source = folder(tmp_path / "in")
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o555)
    rights = "-dac_override,-dac_read_search"
    weak = ["setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}"] if os.geteuid() == 0 else []
    for output in (locked, locked / "new"):
        called = [*weak, sys.executable, "-m", "mgld_bench", "restore", "bicubic", str(source), str(output), "--device", "cpu"]
        done = subprocess.run(called, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 2, done.stderr
        assert f"{output}: cannot be written to: Permission denied" in done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("25", Fraction(25)),
        ("29.97", Fraction(2997, 100)),
        ("30000/1001", Fraction(30000, 1001)),
        ("23.976", Fraction(2997, 125)),
    ],
)
def test_rates(text: str, rate: Fraction) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize(
    "text", ["0", "-1", "", "abc", "1/0", "0/5", "nan", "inf", "1e3", "1001", "25 fps", "30000/", "1.5/2", "٢٥"]
)
def test_rates_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="write frames per second above 0"):
        parse_rate(text)


def encode(path: Path, rate: str, *options: str, count: int = 8) -> Path:
    raw = np.stack(frames(count)).tobytes()
    source = ["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "16x12", "-r", rate, "-i", "-"]
    called = [ffmpeg_binary(), "-loglevel", "error", "-y", *source, *options, str(path)]
    subprocess.run(called, input=raw, check=True)
    return path


@pytest.mark.parametrize("rate", ["30000/1001", "24000/1001", "25", "60", "12.5", "1", "999"])
@pytest.mark.parametrize("suffix", [".mp4", ".mkv", ".avi"])
def test_the_rate_of_the_input_is_kept_exactly(tmp_path: Path, rate: str, suffix: str) -> None:
    codec = ["-c:v", "libx264rgb", "-qp", "0"] if suffix != ".avi" else ["-c:v", "ffv1"]
    source = encode(tmp_path / f"v{suffix}", rate, *codec, count=20)
    assert frames_per_second(open_clip(source)) == Fraction(rate)
    restore(source, tmp_path / "out", Wish(video=True))
    assert frames_per_second(open_clip(tmp_path / "out" / "v.mkv")) == Fraction(rate)
    record = read_record(tmp_path / "out" / "v.json")
    assert record is not None
    assert record.video is not None
    assert record.video.frames_per_second == str(Fraction(rate))


def test_of_a_variable_rate_the_duration_is_kept(tmp_path: Path) -> None:
    # Ten frames: every one after the fifth lasts three times as long.
    slow = "setpts=if(lt(N\\,5)\\,N\\,5+3*(N-5))/25/TB"
    source = encode(tmp_path / "v.mkv", "25", "-vf", slow, "-fps_mode", "vfr", "-c:v", "ffv1", count=10)
    clip = open_clip(source)
    assert clip.frame_count == 10
    # The last begins after 5 + 3 * 4 twenty-fifths of a second.
    assert float(9 / frames_per_second(clip)) == pytest.approx(17 / 25, abs=0.002)


def test_folders_have_25_frames_per_second(tmp_path: Path) -> None:
    assert frames_per_second(open_clip(folder(tmp_path / "a"))) == FOLDER_RATE == 25
    assert frames_per_second(ArrayClip("a", np.stack(frames()))) == 25


def test_what_restore_writes_with_video_can_be_scored(tmp_path: Path) -> None:
    folder(tmp_path / "in" / "a")
    output = tmp_path / "out"
    restore(tmp_path / "in", output, Wish(video=True, rate=Fraction(10)))
    assert sorted(path.name for path in output.iterdir()) == [".lock", "a", "a.json", "a.mkv"]
    (clip,) = find_clips(output)
    assert clip.path == output / "a"
    # The video is not written again; with a different rate it is.
    state = (output / "a.mkv").stat().st_mtime_ns
    restore(tmp_path / "in", output, Wish(video=True, rate=Fraction(10)))
    assert (output / "a.mkv").stat().st_mtime_ns == state
    restore(tmp_path / "in", output, Wish(video=True, rate=Fraction(20)))
    assert frames_per_second(open_clip(output / "a.mkv")) == 20
    # A video that the side file does not name is a second clip, and is not overwritten.
    write_video(output / "a.mkv", frames(5), 25)
    with pytest.raises(InputError, match="are both clip a"):
        find_clips(output)
    with pytest.raises(InputError, match=r"a\.mkv: exists, but is not the video of the restored clip"):
        restore(tmp_path / "in", output, Wish(video=True))


def test_the_video_of_a_replaced_clip_goes_with_it(tmp_path: Path) -> None:
    source, output = folder(tmp_path / "in" / "a"), tmp_path / "out"
    restore(source, output, Wish(video=True))
    write_frame(source / "00000000.png", frames(seed=5)[0])
    restore(source, output, Wish(overwrite=True))
    assert not (output / "a.mkv").exists()
    assert [clip.path for clip in find_clips(output)] == [output / "a"]
