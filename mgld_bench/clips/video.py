"""A clip that is a video file, decoded by ffmpeg."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mgld_bench.clips.clip import Clip, ClipFacts, Frame
from mgld_bench.clips.digest import DigestCache, file_sha256
from mgld_bench.clips.ffmpeg import RunningFFmpeg, running_ffmpeg
from mgld_bench.clips.frame_range import frame_range
from mgld_bench.clips.video_colour import colour_conversion
from mgld_bench.clips.video_facts import count_video_frames, decoding, video_format
from mgld_bench.errors import InputError

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".y4m", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv", ".wmv"}
)
"""Endings of the video files that are read, in lower case."""


class VideoClip(Clip):
    """The frames of a video in the order in which they are shown: none doubled or dropped because of its time, none turned."""

    def __init__(self, path: Path, name: str, cache: DigestCache | None = None) -> None:
        """Decode the video once, to count. Raises InputError for a damaged file and for what cannot become 8-bit RGB."""
        stored = video_format(path)
        conversion = colour_conversion(path, stored)
        count = count_video_frames(path)
        record = dict(conversion.record)
        if stored.rotation:
            record["rotation"] = f"{stored.rotation:g} degrees, not applied"
        self.path = path
        self._filters = conversion.filters
        self._cache = cache
        names = tuple(f"{index:08d}" for index in range(count))
        self.facts = ClipFacts(name, count, stored.height, stored.width, names, lossy=not stored.lossless, conversion=record)
        self._file = path

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See Clip.frames. Decodes from the beginning whatever ``start`` is: seeking by time is not exact in every file."""
        return self._decode(frame_range(self.facts, start, stop))

    def digest(self) -> str:
        """sha256 (hex) of the file's bytes."""
        return file_sha256(self._file, self._cache)

    def _decode(self, wanted: range) -> Iterator[Frame]:
        if not wanted:
            return
        filters = f"trim=start_frame={wanted.start}:end_frame={wanted.stop},{self._filters}"
        with running_ffmpeg(decoding(self._file, filters, "pipe:", "rawvideo")) as running:
            for index in wanted:
                yield self._next_frame(running, index)
            surplus = running.stdout.read(1)
            if running.finish() != 0 or surplus or running.complaint():
                raise self._changed(running, wanted.stop)

    def _next_frame(self, running: RunningFFmpeg, index: int) -> Frame:
        frame = np.empty((self.height, self.width, 3), np.uint8)
        rest = frame.data.cast("B")
        while rest:
            count = running.stdout.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                running.finish()
                raise self._changed(running, index)
            rest = rest[count:]
        return frame

    def _changed(self, running: RunningFFmpeg, index: int) -> InputError:
        complaint = running.complaint() or "no message"
        return InputError(
            f"{self._file}: cannot be read past frame {index} of {self.frame_count} (ffmpeg: {complaint}); was it changed?"
        )
