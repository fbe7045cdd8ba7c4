"""The ffmpeg that is run is the package's own, and its messages reach the user."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import ffmpeg
import imageio_ffmpeg
import psutil
import pytest

from mgld_bench.clips.ffmpeg import feed_ffmpeg, ffmpeg_binary, ffmpeg_identity, ffmpeg_output, running_ffmpeg
from mgld_bench.errors import InputError


def test_binary_is_the_package_s_whatever_the_environment_says(tmp_path: Path) -> None:
    assert Path(ffmpeg_binary()).is_relative_to(Path(imageio_ffmpeg.__file__).parent)
    other = tmp_path / "ffmpeg"
    other.write_text("#!/bin/sh\nexit 1\n")
    other.chmod(0o755)
    environment = {**os.environ, "IMAGEIO_FFMPEG_EXE": str(other), "PATH": f"{tmp_path}:{os.environ['PATH']}"}
    ask = "from mgld_bench.clips.ffmpeg import ffmpeg_binary; print(ffmpeg_binary())"
    shown = subprocess.run([sys.executable, "-c", ask], env=environment, check=True, capture_output=True, text=True).stdout
    assert shown.strip() == ffmpeg_binary()


def test_identity() -> None:
    identity = ffmpeg_identity()
    assert identity.sha256 == hashlib.sha256(Path(ffmpeg_binary()).read_bytes()).hexdigest()
    assert identity.version
    assert (
        f"ffmpeg version {identity.version} "
        in subprocess.run([ffmpeg_binary(), "-version"], capture_output=True, text=True).stdout
    )
    assert "--enable-libvmaf" in identity.configuration
    assert "--enable-libx264" in identity.configuration


def raw_input() -> ffmpeg.Stream:
    return ffmpeg.input("pipe:", format="rawvideo", pix_fmt="rgb24", video_size=(16, 16))


def test_failure_carries_ffmpeg_s_own_words(tmp_path: Path) -> None:
    job = ffmpeg.output(raw_input(), str(tmp_path / "a.mkv"), vcodec="libx264", pix_fmt="yuv420p", preset="wrong")
    with pytest.raises(InputError, match=r"^a clip: ffmpeg failed: .*wrong") as raised:
        feed_ffmpeg(job, [bytes(16 * 16 * 3)] * 3, "a clip")
    assert "\n" not in str(raised.value)
    assert "0x" not in str(raised.value)


def test_ffmpeg_that_ends_before_its_input_does(tmp_path: Path) -> None:
    # Far more than a pipe holds: writing must notice that nobody reads any more.
    job = ffmpeg.output(raw_input(), str(tmp_path / "nowhere" / "a.mkv"))
    with pytest.raises(InputError, match="No such file"):
        feed_ffmpeg(job, (bytes(1 << 20) for _ in range(50)), "a clip")


def test_ffmpeg_that_has_enough_before_its_input_ends(tmp_path: Path) -> None:
    job = ffmpeg.output(raw_input(), str(tmp_path / "a.mkv"), vframes=2, vcodec="ffv1")
    feed_ffmpeg(job, (bytes(1 << 20) for _ in range(50)), "a clip")
    assert (tmp_path / "a.mkv").stat().st_size


def test_error_in_the_input_ends_ffmpeg(tmp_path: Path) -> None:
    def chunks() -> Iterator[bytes]:
        yield bytes(16 * 16 * 3)
        raise InputError("the frame is broken")

    with pytest.raises(InputError, match="the frame is broken"):
        feed_ffmpeg(ffmpeg.output(raw_input(), str(tmp_path / "a.mkv")), chunks(), "a clip")
    assert not [child for child in psutil.Process().children() if "ffmpeg" in child.name()]


def test_ctrl_c_is_not_ffmpeg_s(tmp_path: Path) -> None:
    endless = ffmpeg.output(ffmpeg.input("testsrc2", f="lavfi"), "pipe:", format="rawvideo")
    with running_ffmpeg(endless) as running:
        assert os.getpgid(running.process.pid) != os.getpgid(0)
        started = time.monotonic()
    assert running.process.returncode is not None
    assert time.monotonic() - started < 5


def test_ffmpeg_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mgld_bench.clips.watchdog.PATIENCE", 0.5)
    endless = ffmpeg.output(ffmpeg.input("testsrc2", f="lavfi"), "pipe:", format="rawvideo")
    with running_ffmpeg(endless) as running:
        running.stdout.read(1)
        os.kill(running.process.pid, signal.SIGSTOP)
        # What it had written before, then the end.
        running.stdout.read()
        assert running.finish() == -signal.SIGKILL
        assert "it did nothing for" in running.complaint()


def test_ffmpeg_that_waits_for_us_does_not_hang(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("mgld_bench.clips.watchdog.PATIENCE", 0.2)

    def slowly() -> Iterator[bytes]:
        for _ in range(3):
            time.sleep(0.5)
            yield bytes(16 * 16 * 3)

    feed_ffmpeg(ffmpeg.output(raw_input(), str(tmp_path / "a.mkv"), vcodec="ffv1"), slowly(), "a clip")
    endless = ffmpeg.output(ffmpeg.input("testsrc2", f="lavfi"), "pipe:", format="rawvideo")
    with running_ffmpeg(endless) as running:
        running.stdout.read(1)
        time.sleep(1)
        assert running.process.poll() is None


def test_ffmpeg_that_cannot_be_run_names_what_to_do(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    program = tmp_path / "ffmpeg"
    program.write_text("#!/bin/sh\nexit 3\n")
    program.chmod(0o755)
    monkeypatch.setattr("mgld_bench.clips.ffmpeg.ffmpeg_binary", lambda: str(program))
    with pytest.raises(InputError, match=r"ends with exit code 3; install it again: pip install"):
        ffmpeg_output("-version")
    program.chmod(0o644)
    with pytest.raises(InputError, match=r"Permission denied; install it again: pip install"):
        ffmpeg_output("-version")
