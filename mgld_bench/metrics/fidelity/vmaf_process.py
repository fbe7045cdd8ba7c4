"""libvmaf in ffmpeg: two clips go in as one stream of raw frames, scores per frame come out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from queue import Queue
from threading import Thread
from typing import IO

import ffmpeg
import numpy as np

from mgld_bench.clips.ffmpeg import running_ffmpeg
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Frames

SMALLEST_SIDE = 17
"""libvmaf crashes on frames that are smaller in one direction."""
FRAMES_PER_SECOND = 25
_WAITING_CHUNKS = 2


class VmafProcess:
    """One running ffmpeg that scores one clip with one or more models.

    Each restored frame and its ground truth are sent as one picture of twice the height, which ffmpeg cuts apart again. So frames
    can neither be paired wrongly nor be missing on one side, and no pipe can wait for a second one.
    """

    def __init__(self, height: int, width: int, models: Sequence[str], conversion: Mapping[str, str], threads: int) -> None:
        """Start ffmpeg for frames of this size, of at least SMALLEST_SIDE in both directions.

        Args:
            height: Rows of a frame.
            width: Columns of a frame.
            models: libvmaf's names, e.g. vmaf_v0.6.1neg.
            conversion: How RGB becomes YUV: matrix, range, pixel_format and scaler.
            threads: Threads that libvmaf uses.
        """
        self._models = tuple(models)
        self._fed = 0
        self._stack = ExitStack()
        self._running = self._stack.enter_context(running_ffmpeg(_job(height, width, models, conversion, threads), feed=True))
        self._writer = _Writer(self._running.stdin)
        self._writer.start()

    def add(self, restored: Frames, reference: Frames) -> None:
        """Send the next frames of both clips, (n, height, width, 3) uint8 RGB; waits while ffmpeg is behind."""
        self._fed += len(restored)
        self._writer.chunks.put((restored, reference))

    def finish(self) -> dict[str, list[float]]:
        """The scores of all frames, by model. Raises InputError where ffmpeg fails or does not score every frame."""
        self._writer.end()
        log = self._running.stdout.read()
        code = self._running.finish()
        self._stack.close()
        if code != 0 or not log:
            raise InputError(f"VMAF: ffmpeg failed (exit code {code}): {self._running.complaint() or 'without a message'}")
        frames = sorted(json.loads(log)["frames"], key=lambda frame: int(frame["frameNum"]))
        if len(frames) != self._fed:
            raise InputError(f"VMAF: ffmpeg scored {len(frames)} of {self._fed} frames")
        return {model: [float(frame["metrics"][_key(place)]) for frame in frames] for place, model in enumerate(self._models)}

    def close(self) -> None:
        """End ffmpeg, whatever it is doing; no process or thread stays behind."""
        if self._writer.is_alive():
            # Otherwise the writer would wait for a process that reads no more.
            self._running.process.kill()
            self._writer.end()
        self._stack.close()


class _Writer(Thread):
    """Writes chunks to ffmpeg while the scoring pass continues; the queue is bounded, and so is memory."""

    def __init__(self, pipe: IO[bytes]) -> None:
        super().__init__(daemon=True, name="vmaf-writer")
        self.chunks: Queue[tuple[Frames, Frames] | None] = Queue(_WAITING_CHUNKS)
        self._pipe = pipe

    def run(self) -> None:
        """Write until there are no more chunks."""
        broken = False
        while (chunk := self.chunks.get()) is not None:
            # When ffmpeg has ended the queue is still emptied, so that nobody waits to fill it; finish() reports why it ended.
            broken = broken or not self._write(*chunk)
        with suppress(BrokenPipeError):
            self._pipe.close()

    def end(self) -> None:
        """Write what is left in the queue, and end the thread."""
        if self.is_alive():
            self.chunks.put(None)
            self.join()

    def _write(self, restored: Frames, reference: Frames) -> bool:
        try:
            for ours, theirs in zip(restored, reference, strict=True):
                self._pipe.write(np.ascontiguousarray(ours).data)
                self._pipe.write(np.ascontiguousarray(theirs).data)
        except BrokenPipeError:
            return False
        return True


def _job(height: int, width: int, models: Sequence[str], conversion: Mapping[str, str], threads: int) -> object:
    both = ffmpeg.input(
        "pipe:0",
        format="rawvideo",
        pixel_format="rgb24",
        video_size=(width, 2 * height),
        framerate=FRAMES_PER_SECOND,
    ).split()
    distorted, reference = (
        ffmpeg.crop(both[place], 0, place * height, width, height)
        # Explicit, because the defaults differ between releases of ffmpeg.
        .filter("scale", flags=conversion["scaler"], out_color_matrix=conversion["matrix"], out_range=conversion["range"])
        .filter("format", conversion["pixel_format"])
        for place in (0, 1)
    )
    scored = ffmpeg.filter(
        [distorted, reference],
        "libvmaf",
        shortest=1,
        repeatlast=0,
        n_threads=threads,
        log_fmt="json",
        log_path="/dev/stdout",
        model="|".join(f"version={model}:name={_key(place)}" for place, model in enumerate(models)),
    )
    return ffmpeg.output(scored, "-", format="null")


def _key(place: int) -> str:
    return f"model{place}"
