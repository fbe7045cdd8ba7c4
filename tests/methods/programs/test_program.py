"""A program as a method: what it is given, what is taken of what it leaves, and how little of it stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from mgld_bench.clips.clip import ArrayClip, Frame
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.program import Program
from mgld_bench.methods.programs.options import ProgramOptions
from tests.helpers.clip_samples import Frames, make_frames

FAKE = Path(__file__).parents[2] / "helpers" / "fake_program.py"
LR = make_frames(count=3, height=8, width=12)
Options = dict[str, object]


@pytest.fixture(autouse=True)
def home_and_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A home, a place for stages, and a file for the processes that refuse to end; afterwards no stage and no process is left."""
    monkeypatch.setenv("MGLD_BENCH_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PIDS", str(tmp_path / "pids"))
    stages = tmp_path / "stages"
    stages.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(stages))
    yield
    assert not list(stages.iterdir())
    wait_until(lambda: not any(map(runs, pids(tmp_path))))


def pids(tmp_path: Path) -> list[int]:
    noted = tmp_path / "pids"
    return [int(line.split()[0]) for line in noted.read_text().splitlines()] if noted.exists() else []


def runs(pid: int) -> bool:
    """Whether the process is there and not merely a zombie that nobody has collected yet."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def options(how: str, **more: object) -> Options:
    return {"command": (sys.executable, str(FAKE), how, "{lr}", "{out}"), "files": (str(FAKE),), **more}


def restored(how: str, **more: object) -> list[Frame]:
    program = Program(ProgramOptions.model_validate(options(how, **more)), {}, Compute())
    return list(program.restore(ArrayClip("clip", LR)))


def enlarged() -> Frames:
    return LR.repeat(4, axis=1).repeat(4, axis=2)


def test_the_frames_that_it_leaves_are_taken() -> None:
    np.testing.assert_array_equal(restored("well"), enlarged())


def test_margins_are_added_for_it_and_taken_away_again() -> None:
    margins = {"multiple": (16, 16), "frames_multiple": 8, "frames_plus": 1, "border": 3}
    np.testing.assert_array_equal(restored("well", margins=margins), enlarged())


def test_a_declared_cut_and_shift_are_undone_without_a_loss() -> None:
    margins = {"border": 2, "cut": (8, 0, 0, 0), "shift": (8, 0)}
    np.testing.assert_array_equal(restored("shifted", margins=margins), enlarged())


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("crash", "exit code 1.*loading the weights | CUDA error: an illegal memory access.*clip-.*log"),
        ("silent", "contains no frames"),
        ("short", "has 2 frames; of 3 given it has to have 3"),
        ("small", "is 48x28, of 12x8 given it has to be 48x32"),
    ],
)
def test_what_is_not_whole_is_refused_with_the_reason(how: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        restored(how)


def test_a_program_that_takes_too_long_is_ended_with_all_its_processes() -> None:
    with pytest.raises(InputError, match=r"did not end within the 1 s that its card allows"):
        restored("parent", time_limit=1)


def test_a_program_that_takes_too_much_memory_is_ended() -> None:
    with pytest.raises(InputError, match=r"took more than the 0\.2 GiB"):
        restored("greedy", memory_limit=0.2)


def test_processes_that_it_leaves_behind_are_ended_and_noted() -> None:
    program = Program(ProgramOptions.model_validate(options("forking")), {}, Compute())
    clip = ArrayClip("clip", LR)
    np.testing.assert_array_equal(list(program.restore(clip)), enlarged())
    assert program.notes(clip)["processes"].startswith("1 of its processes")


def test_what_it_takes_is_measured() -> None:
    program = Program(ProgramOptions.model_validate(options("well")), {}, Compute())
    list(program.restore(ArrayClip("clip", LR)))
    memory, gpu = program.peak_elsewhere()
    assert memory > 10_000_000
    assert gpu is None


def test_endless_output_is_cut_in_the_log_and_does_not_stall_it(tmp_path: Path) -> None:
    np.testing.assert_array_equal(restored("noisy"), enlarged())
    (log,) = (tmp_path / "home" / "program-logs").iterdir()
    assert log.stat().st_size < 20_100_000
    assert log.read_bytes().endswith(b"[the rest of its output was dropped]\n")


def test_killed_without_a_warning_it_takes_its_program_with_it(tmp_path: Path) -> None:
    run = tmp_path / "run.py"
    run.write_text(
        "import sys, tempfile\n"
        f"tempfile.tempdir = {str(tmp_path / 'stages')!r}\n"
        "from tests.methods.programs.test_program import restored\n"
        "restored('parent')\n"
    )
    child = subprocess.Popen([sys.executable, str(run)], cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONPATH": "."})
    wait_until(lambda: len(pids(tmp_path)) == 2)
    child.send_signal(signal.SIGKILL)
    child.wait()
    wait_until(lambda: not any(map(runs, pids(tmp_path))) and not list((tmp_path / "stages").iterdir()))


def test_a_result_in_its_own_folder_is_moved_away_and_an_older_one_never_taken(tmp_path: Path) -> None:
    folder = tmp_path / "checkout"
    folder.mkdir()
    command = (sys.executable, str(FAKE), "well", "{lr}", "results/{clip}-x4")
    options = {"command": command, "folder": str(folder), "result": "results/{clip}-*"}
    np.testing.assert_array_equal(restored("well", **options), enlarged())
    np.testing.assert_array_equal(restored("well", **options), enlarged())
    assert not list((folder / "results").iterdir())
    (folder / "results" / "clip-old").mkdir()
    with pytest.raises(InputError, match="clip-old: is there before the program has run"):
        restored("well", **options)


def test_video_in_and_video_out_with_its_pixel_format(tmp_path: Path) -> None:
    import imageio_ffmpeg

    ffmpeg = imageio_ffmpeg.get_ffmpeg_exe()
    scale = ("-vf", "scale=iw*4:ih*4:flags=neighbor", "-c:v")
    exact: Options = {
        "command": (ffmpeg, "-v", "error", "-i", "{lr}", *scale, "ffv1", "-pix_fmt", "bgr0", "{out}/{clip}.mkv"),
        "lr": "mkv",
        "result": "{out}/{clip}.mkv",
        "pixel_format": "bgr0",
    }
    np.testing.assert_array_equal(restored("well", **exact), enlarged())
    declared = Program(ProgramOptions.model_validate(options("well", **exact)), {}, Compute())
    list(declared.restore(ArrayClip("clip", LR)))
    assert "lossy" not in declared.notes(ArrayClip("clip", LR))
    lossy = (ffmpeg, "-v", "error", "-i", "{lr}", *scale, "libx264", "-pix_fmt", "yuv420p", "{out}/{clip}.mkv")
    with pytest.raises(InputError, match=r"left a video in yuv420p, and its card states pixel_format bgr0"):
        restored("well", **{**exact, "command": lossy})
    halved = Program(
        ProgramOptions.model_validate(options("well", **{**exact, "command": lossy, "pixel_format": "yuv420p"})), {}, Compute()
    )
    list(halved.restore(ArrayClip("clip", LR)))
    assert halved.notes(ArrayClip("clip", LR))["lossy"] == "the program stored its result with lossy compression"


def test_a_program_that_changes_after_the_plan_makes_no_frames_under_its_key(tmp_path: Path) -> None:
    settings = tmp_path / "settings.yaml"
    settings.write_text("steps: 15\n")
    stated = ProgramOptions.model_validate(options("well", files=(str(FAKE), str(settings))))
    Program.depends_on(stated, "", "clip")
    settings.write_text("steps: 5\n")
    with pytest.raises(InputError, match="have changed since this run was planned"):
        list(Program(stated, {}, Compute()).restore(ArrayClip("clip", LR)))


def wait_until(done: Callable[[], bool], seconds: float = 20.0) -> None:
    until = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < until, "took too long"
        time.sleep(0.05)
