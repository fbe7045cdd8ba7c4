"""One running ffmpeg that is fed raw frames, and whose report is read at the end."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack, suppress
from queue import Queue
from threading import Thread
from typing import IO, Any, TypeAlias

import ffmpeg
import numpy as np

from mgld_bench.clips.ffmpeg import FFmpegJob, running_ffmpeg
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Frames

FRAMES_PER_SECOND = 25
CONVERSION = {"matrix": "bt601", "range": "limited", "pixel_format": "yuv420p", "scaler": "bicubic"}
"""How RGB becomes YUV for the filters of ffmpeg that score frames."""
CONVERTED = "raw frames; RGB to yuv420p by BT.601, limited range"
Stream: TypeAlias = Any
"""A stream of a filter graph of the ffmpeg-python package (it has no types)."""
_WAITING_CHUNKS = 2


def pictures(height: int, width: int) -> Stream:
    """The stream of raw RGB pictures of this size that come in."""
    return ffmpeg.input(
        "pipe:0", format="rawvideo", pixel_format="rgb24", video_size=(width, height), framerate=FRAMES_PER_SECOND
    )


def frames_and_truths(height: int, width: int, conversion: Mapping[str, str] = CONVERSION) -> list[Stream]:
    """Two streams in YUV, of restored frames of this size and of their ground truth, from pictures that hold both."""
    both = pictures(2 * height, width).split()
    return [as_yuv(ffmpeg.crop(both[place], 0, place * height, width, height), conversion) for place in (0, 1)]


def as_yuv(stream: Stream, conversion: Mapping[str, str] = CONVERSION) -> Stream:
    """The stream in YUV. Everything is explicit, because the defaults differ between releases of ffmpeg."""
    scaled = stream.filter(
        "scale", flags=conversion["scaler"], out_color_matrix=conversion["matrix"], out_range=conversion["range"]
    )
    return scaled.filter("format", conversion["pixel_format"])


class FrameFeed:
    """ffmpeg with a job that takes raw pictures and prints a report.

    A restored frame and its ground truth are sent as one picture, one above the other, which the job cuts apart again. So frames
    can neither be paired wrongly nor be missing on one side, and no pipe can wait for a second one.
    """

    def __init__(self, what: str, job: FFmpegJob) -> None:
        """Start ``job``; ``what``: the metric's name in messages."""
        self._what = what
        self._fed = 0
        self._report = b""
        self._stack = ExitStack()
        self._running = self._stack.enter_context(running_ffmpeg(job, feed=True))
        self._writer = _Writer(self._running.stdin)
        self._writer.start()
        # A report that is printed frame by frame would fill its pipe, and ffmpeg would wait for ever.
        self._reader = Thread(target=self._read, daemon=True, name=f"{what}-report")
        self._reader.start()

    def add(self, *clips: Frames) -> None:
        """Send the next frames of all clips, each (n, height, width, 3) uint8 RGB; waits while ffmpeg is behind."""
        self._fed += len(clips[0])
        self._writer.chunks.put(clips)

    def finish(self) -> str:
        """What ffmpeg printed. Raises InputError where it fails."""
        self._writer.end()
        self._reader.join()
        code = self._running.finish()
        self._stack.close()
        if code != 0 or not self._report:
            raise InputError(
                f"{self._what}: ffmpeg failed (exit code {code}): {self._running.complaint() or 'without a message'}"
            )
        return self._report.decode(errors="replace")

    def require_all(self, scored: int) -> None:
        """Raise InputError where not every frame that was sent has a score."""
        if scored != self._fed:
            raise InputError(f"{self._what}: ffmpeg scored {scored} of {self._fed} frames")

    def close(self) -> None:
        """End ffmpeg, whatever it is doing; no process or thread stays behind."""
        if self._writer.is_alive():
            # Otherwise the writer would wait for a process that reads no more.
            self._running.process.kill()
            self._writer.end()
        if self._running.process.poll() is None:
            self._running.process.kill()
        self._reader.join()
        self._stack.close()

    def _read(self) -> None:
        self._report = self._running.stdout.read()


class _Writer(Thread):
    """Writes chunks to ffmpeg while the scoring pass continues; the queue is bounded, and so is memory."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True, name="frame-writer")
        self.chunks: Queue[tuple[Frames, ...] | None] = Queue(_WAITING_CHUNKS)
        self._pipe = pipe

    def run(self) -> None:
        """Write until there are no more chunks."""
        broken = False
        while (chunk := self.chunks.get()) is not None:
            # When ffmpeg has ended the queue is still emptied, so that nobody waits to fill it; finish() reports why it ended.
            broken = broken or not self._write(chunk)
        with suppress(BrokenPipeError):
            self._pipe.close()

    def end(self) -> None:
        """Write what is left in the queue, and end the thread."""
        if self.is_alive():
            self.chunks.put(None)
            self.join()

    def _write(self, chunk: tuple[Frames, ...]) -> bool:
        try:
            for picture in zip(*chunk, strict=True):
                for frame in picture:
                    self._pipe.write(np.ascontiguousarray(frame).data)
        except BrokenPipeError:
            return False
        return True
