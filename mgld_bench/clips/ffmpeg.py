"""Running the ffmpeg that imageio-ffmpeg carries: always that one, because encoders of other builds write different bytes."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from pathlib import Path
from threading import Thread
from typing import IO, Any, Final, TypeAlias, cast

import ffmpeg

from mgld_bench.clips.digest import file_sha256
from mgld_bench.clips.watchdog import PATIENCE, Watchdog
from mgld_bench.errors import InputError

FFmpegJob: TypeAlias = Any
"""What ffmpeg.output(...) of the ffmpeg-python package returns (it has no types)."""

# "[decoder @ 0x55ab] [error] text"; the address would make messages differ from run to run.
_MESSAGE = re.compile(r"^(?:\[[^\]]*\] )*?\[(panic|fatal|error|warning|info)\] ?(.*)$")


_REINSTALL: Final = "install it again: pip install --force-reinstall --only-binary :all: imageio-ffmpeg"
HUNG: Final = f"it did nothing for {PATIENCE:g} s, and was ended"
_PATIENCE: Final = 60.0
"""Seconds for what ffmpeg does in milliseconds."""


@dataclass(frozen=True)
class FFmpegIdentity:
    """Which ffmpeg this is."""

    version: str
    """As it reports itself, e.g. 7.0.2-static."""
    sha256: str
    """Of the executable."""
    configuration: str
    """The options it was built with."""


@dataclass(frozen=True)
class FFmpegMessage:
    """One line that ffmpeg wrote."""

    level: str
    """panic, fatal, error, warning or info."""
    text: str

    @property
    def reports_damage(self) -> bool:
        """Whether frames after it are missing or made up: an error, or the warning that the input is corrupt."""
        return self.level in ("panic", "fatal", "error") or (self.level == "warning" and "corrupt" in self.text.lower())


@lru_cache(maxsize=1)
def ffmpeg_binary() -> str:
    """Path of imageio-ffmpeg's own executable; neither the system's nor $IMAGEIO_FFMPEG_EXE.

    Raises:
        InputError: The package carries none.
    """
    with resources.as_file(resources.files("imageio_ffmpeg.binaries")) as folder:
        found = sorted(file for file in folder.iterdir() if file.name.startswith("ffmpeg"))
    if not found:
        raise InputError(f"the installed imageio-ffmpeg carries no ffmpeg; {_REINSTALL}")
    return str(found[0])


@lru_cache(maxsize=1)
def ffmpeg_identity() -> FFmpegIdentity:
    """Version, digest and configuration of `ffmpeg_binary`. Raises InputError where it cannot be used."""
    binary = ffmpeg_binary()
    lines = ffmpeg_output("-version").splitlines()
    if not lines:
        raise _unusable(binary, "it prints no version")
    version = lines[0].removeprefix("ffmpeg version ").split(" Copyright")[0]
    configuration = next((line.removeprefix("configuration: ") for line in lines if line.startswith("configuration: ")), "")
    return FFmpegIdentity(version, file_sha256(Path(binary)), configuration)


def ffmpeg_output(*arguments: str) -> str:
    """What `ffmpeg_binary` prints. Raises InputError where it cannot be run or fails."""
    command = [ffmpeg_binary(), *arguments]
    try:
        return subprocess.run(command, check=True, capture_output=True, errors="replace", timeout=_PATIENCE).stdout  # noqa: S603
    except subprocess.CalledProcessError as error:
        raise _unusable(command[0], f"it ends with exit code {error.returncode}") from None
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _unusable(command[0], error) from None


def _unusable(binary: str, why: object) -> InputError:
    reason = (why.strerror if isinstance(why, OSError) else None) or " ".join(str(why).split())
    return InputError(f"the ffmpeg of imageio-ffmpeg cannot be used: {binary}: {reason}; {_REINSTALL}")


class RunningFFmpeg:
    """A running ffmpeg: raw bytes through its pipes, while a thread reads its messages so that neither side blocks for ever."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self._complaint = ""
        self._watchdog = Watchdog(process)
        self._reader = Thread(target=self._read_messages, daemon=True)
        self._reader.start()

    @property
    def stdin(self) -> IO[bytes]:
        """Where raw input goes."""
        return cast("IO[bytes]", self.process.stdin)

    @property
    def stdout(self) -> IO[bytes]:
        """Where raw output comes from."""
        return cast("IO[bytes]", self.process.stdout)

    def finish(self) -> int:
        """Wait for its end and its last message; returns the exit code."""
        code = self.process.wait()
        self._watchdog.stop()
        self._reader.join()
        return code

    def complaint(self) -> str:
        """Why it was killed, or the first message so far that reports damage; see `first_complaint`."""
        return HUNG if self._watchdog.killed else self._complaint

    def _read_messages(self) -> None:
        for message in _messages(self.process):
            self._complaint = self._complaint or first_complaint([message])


@contextmanager
def running_ffmpeg(job: FFmpegJob, feed: bool = False) -> Iterator[RunningFFmpeg]:
    """Start ``job`` with its standard output (and input, if ``feed``) as pipes; it is killed if the block ends early."""
    process = _start(job, "warning", subprocess.PIPE if feed else subprocess.DEVNULL, subprocess.PIPE)
    running = RunningFFmpeg(process)
    try:
        yield running
    finally:
        if process.poll() is None:
            process.kill()
        running.finish()
        _close(process)


def feed_ffmpeg(job: FFmpegJob, chunks: Iterable[bytes], what: str) -> None:
    """Run ``job`` with ``chunks`` on its standard input.

    Args:
        what: What is being done or written, for the message.

    Raises:
        InputError: ffmpeg fails.
    """
    with running_ffmpeg(job, feed=True) as running:
        # If ffmpeg ends before its input does, its exit code and message give the reason.
        with suppress(BrokenPipeError):
            for chunk in chunks:
                running.stdin.write(chunk)
            running.stdin.close()
        if running.finish() != 0:
            raise InputError(f"{what}: ffmpeg failed: {running.complaint() or 'without a message'}")


def ffmpeg_messages(job: FFmpegJob) -> Iterator[FFmpegMessage]:
    """Run ``job`` for its messages of level info and above; an unexplained exit code becomes a message of level fatal."""
    process = _start(job, "info", subprocess.DEVNULL, subprocess.DEVNULL)
    watchdog = Watchdog(process)
    damaged = False
    try:
        for message in _messages(process):
            damaged = damaged or message.reports_damage
            yield message
        if process.wait() != 0 and not damaged:
            yield FFmpegMessage("fatal", HUNG if watchdog.killed else f"exit code {process.returncode}")
    finally:
        watchdog.stop()
        if process.poll() is None:
            process.kill()
            process.wait()
        _close(process)


def first_complaint(messages: Iterable[FFmpegMessage]) -> str:
    """The first of ``messages`` that reports damage, or ""; those after it only report its consequences."""
    return next((message.text.rstrip(".") for message in messages if message.reports_damage), "")


def _start(job: FFmpegJob, level: str, stdin: int, stdout: int) -> subprocess.Popen[bytes]:
    quiet = job.global_args("-hide_banner", "-nostdin", "-nostats", "-loglevel", f"repeat+level+{level}")
    command = ffmpeg.compile(quiet, cmd=ffmpeg_binary())
    # In its own session Ctrl-C does not reach it: this process ends it, and does not mistake its end for damage.
    try:
        return subprocess.Popen(command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, start_new_session=True)  # noqa: S603
    except OSError as error:
        raise _unusable(ffmpeg_binary(), error) from None


def _messages(process: subprocess.Popen[bytes]) -> Iterator[FFmpegMessage]:
    for line in cast("IO[bytes]", process.stderr):
        found = _MESSAGE.match(line.decode(errors="replace").rstrip())
        if found:
            yield FFmpegMessage(found[1], found[2].strip())


def _close(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout, process.stderr):
        # Whatever was still to be flushed to a process that has ended is of no use.
        with suppress(BrokenPipeError):
            if pipe is not None:
                pipe.close()
