"""A clip that is a video file, decoded by ffmpeg and turned upright; how its samples become RGB is in colour.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mgld_bench.clips.clip import Clip, ClipFacts, Frame, frame_range
from mgld_bench.clips.colour import check_colour, colour_conversion
from mgld_bench.clips.digest import DigestCache, file_sha256, read_with
from mgld_bench.clips.ffmpeg import RunningFFmpeg, running_ffmpeg
from mgld_bench.clips.upright import UPRIGHT, is_sideways, turn_in_words, turned_upright
from mgld_bench.clips.video_facts import count_video_frames, decoding, video_format
from mgld_bench.errors import InputError

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".y4m", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv", ".wmv"}
)
"""Suffixes of the video files that are read, in lower case."""


class VideoClip(Clip):
    """The frames of a video in display order, upright: none duplicated or dropped because of its timestamp."""

    def __init__(self, path: Path, name: str, cache: DigestCache | None = None, colour: str = "") -> None:
        """Decode the video once, to count.

        Args:
            colour: What its samples are where they are not tagged, one of `COLOURS`; "": by the rule of `HD_ROWS`.

        Raises:
            InputError: The file is damaged, or cannot become upright 8-bit RGB frames.
        """
        stored = video_format(path)
        conversion = colour_conversion(path, stored, check_colour(colour))
        count = count_video_frames(path)
        record = dict(conversion.record)
        if stored.interlaced:
            record["interlaced"] = stored.interlaced
        if stored.orientation != UPRIGHT:
            record["rotation"] = f"{turn_in_words(stored.orientation)}, as its display matrix requires"
        self.path = path
        self._filters = conversion.filters
        self._changes = {**conversion.changes, **({} if stored.orientation == UPRIGHT else {"orientation": stored.orientation})}
        self._stored = stored
        self._cache = cache
        names = tuple(f"{index:08d}" for index in range(count))
        height, width = (stored.width, stored.height) if is_sideways(stored.orientation) else (stored.height, stored.width)
        self.facts = ClipFacts(name, count, height, width, names, lossy=not stored.lossless, conversion=record)
        self._file = path

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`. Decodes from the beginning whatever ``start`` is: seeking by time is not exact in every file."""
        return self._decode(frame_range(self.facts, start, stop))

    def digest(self) -> str:
        """sha256 (hex) of the file's bytes; and of how its frames are turned and its untagged colours taken."""
        return read_with(file_sha256(self._file, self._cache), self._changes)

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
        frame = np.empty((self._stored.height, self._stored.width, 3), np.uint8)
        rest = frame.data.cast("B")
        while rest:
            count = running.stdout.readinto(rest)  # type: ignore[attr-defined]
            if not count:
                running.finish()
                raise self._changed(running, index)
            rest = rest[count:]
        return turned_upright(frame, self._stored.orientation)

    def _changed(self, running: RunningFFmpeg, index: int) -> InputError:
        complaint = running.complaint() or "no message"
        return InputError(
            f"{self._file}: cannot be read past frame {index} of {self.frame_count} (ffmpeg: {complaint}); was it changed?"
        )
