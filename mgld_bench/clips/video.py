"""A clip that is a video file, decoded by ffmpeg, and how its samples become 8-bit RGB.

Matrix, range and chroma location are those tagged in the file; where a tag is missing, a written rule applies, and the record of
the conversion says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mgld_bench.clips.clip import Clip, ClipFacts, Frame, frame_range
from mgld_bench.clips.digest import DigestCache, file_sha256
from mgld_bench.clips.ffmpeg import RunningFFmpeg, running_ffmpeg
from mgld_bench.clips.video_facts import VideoFormat, count_video_frames, decoding, video_format
from mgld_bench.errors import InputError

VIDEO_SUFFIXES = frozenset(
    {".mp4", ".mkv", ".avi", ".mov", ".webm", ".m4v", ".y4m", ".mpg", ".mpeg", ".ts", ".m2ts", ".flv", ".wmv"}
)
"""Suffixes of the video files that are read, in lower case."""

_RGB_FORMATS = frozenset({"rgb24", "bgr24", "gbrp", "0rgb", "rgb0", "0bgr", "bgr0"})
_SUBSAMPLED_FORMATS = frozenset(
    {"yuv420p", "yuv422p", "yuv440p", "yuv411p", "yuv410p", "nv12", "nv21", "nv16", "yuyv422", "uyvy422"}
)
_FULL_CHROMA_FORMATS = frozenset({"yuv444p", "nv24"})
_MATRICES = {
    "bt470bg": "bt601",
    "smpte170m": "bt601",
    "bt709": "bt709",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020",
}
_RANGES = {"tv": "limited", "pc": "full"}

_UNTAGGED_MATRIX = "bt601"
"""Whatever the size: what ffmpeg, OpenCV and imageio write into untagged files and assume when they read them."""
_UNTAGGED_RANGE = "limited"
"""What H.264, HEVC, MPEG-2 and MPEG-4 specify for video without a range flag."""
_UNTAGGED_LOCATION = "left"
"""What H.264, HEVC, MPEG-2 and MPEG-4 specify for 4:2:0 without a location."""

_FLAGS = "bicubic+accurate_rnd+full_chroma_int+bitexact"
"""Chroma is interpolated, and the bytes are the same on every processor."""


class VideoClip(Clip):
    """The frames of a video in display order: none duplicated or dropped because of its timestamp, none rotated."""

    def __init__(self, path: Path, name: str, cache: DigestCache | None = None) -> None:
        """Decode the video once, to count. Raises InputError for a damaged file, or one that cannot become 8-bit RGB."""
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
        """See `Clip.frames`. Decodes from the beginning whatever ``start`` is: seeking by time is not exact in every file."""
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


@dataclass(frozen=True)
class ColourConversion:
    """The ffmpeg filters that make 8-bit RGB, and the record of them (see `ClipFacts.conversion`)."""

    filters: str
    record: dict[str, str]


def colour_conversion(path: Path, stored: VideoFormat) -> ColourConversion:
    """How frames stored in this format become 8-bit RGB.

    Raises:
        InputError: The format has alpha, is gray, has more than 8 bits, is RGB of limited range or has an uncommon matrix.
    """
    # yuvj420p and the like are older names of the full-range formats.
    pixel_format = stored.pixel_format.replace("yuvj", "yuv")
    if pixel_format in _RGB_FORMATS:
        if stored.colour_range == "tv":
            raise InputError(f"{path}: contains RGB of limited range; convert it to full range first")
        return ColourConversion(f"scale=flags={_FLAGS},format=rgb24", {})
    if pixel_format not in _SUBSAMPLED_FORMATS | _FULL_CHROMA_FORMATS:
        raise InputError(
            f"{path}: contains {stored.pixel_format} samples, which are not 8-bit colour without alpha; "
            "convert it to a folder of 8-bit RGB PNG files, and document how"
        )
    if stored.colour_space and stored.colour_space not in _MATRICES:
        raise InputError(f"{path}: its colour matrix {stored.colour_space} is not supported; convert it to bt709")
    matrix = _MATRICES.get(stored.colour_space, _UNTAGGED_MATRIX)
    colour_range = _RANGES.get(stored.colour_range, _UNTAGGED_RANGE)
    filters = f"scale=in_color_matrix={matrix}:in_range={colour_range}:out_range=full:flags={_FLAGS}"
    record = {
        "pixel_format": stored.pixel_format,
        "matrix": matrix,
        "matrix_source": _source(stored.colour_space),
        "range": colour_range,
        "range_source": _source(stored.colour_range),
        "scaler": _FLAGS,
    }
    if pixel_format in _SUBSAMPLED_FORMATS:
        location = stored.chroma_location or _UNTAGGED_LOCATION
        filters += f":in_chroma_loc={location}"
        record |= {"chroma_location": location, "chroma_location_source": "decoder" if stored.chroma_location else "assumed"}
    return ColourConversion(f"{filters},format=rgb24", record)


def _source(tag: str) -> str:
    return "tagged" if tag else "assumed"
