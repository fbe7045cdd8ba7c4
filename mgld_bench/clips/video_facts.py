"""What a video file contains: its format, from the first frame, and the number of frames, by decoding them all.

Only decoding gives the number. A container's frame count or duration is what its writer intended, not what is there; packets are
not frames (hidden reference frames, fields, frames cut off by an edit list). Decoding without converting or copying costs a few
milliseconds per 720p frame, counts exactly what reading will give, notices a change of format in the middle, and finds damage
before any work is put into the clip. It cannot find that a file without a declared length (MPEG transport stream, YUV4MPEG) was
cut between two frames or packets; cut_off.py finds the other cuts.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from pathlib import Path

import ffmpeg

from mgld_bench.clips.cut_off import how_cut_off
from mgld_bench.clips.ffmpeg import FFmpegJob, FFmpegMessage, ffmpeg_messages, first_complaint, running_ffmpeg
from mgld_bench.clips.largest_picture import check_picture, most_pixels
from mgld_bench.clips.regular import require_regular
from mgld_bench.clips.stand_ins import stand_in
from mgld_bench.clips.upright import UPRIGHT, orientation_of_matrix
from mgld_bench.errors import InputError

_STREAM = re.compile(r"^Stream #0:\d+.*: Video: (?P<codec>\w+)(?: \((?P<profile>[^()/]+)\))?")
_FRAME = re.compile(r"^n: *0 .* fmt:(?P<format>\S+) cl:(?P<location>\S+) .* s:(?P<width>\d+)x(?P<height>\d+) i:(?P<fields>\w)")
_COLOUR = re.compile(r"^color_range:(?P<range>\S+) color_space:(?P<space>\S+) ")
_ROTATION = re.compile(r"displaymatrix: rotation of (?P<degrees>-?[\d.]+) degrees")
_USER_DATA = re.compile(r"^User Data=(?P<hexadecimal>(?:[0-9a-f]{2})*)$")

_FIELDS = {"T": "top field first", "B": "bottom field first"}
_LOSSLESS_CODECS = frozenset({"ffv1", "ffvhuff", "huffyuv", "magicyuv", "png", "qtrle", "rawvideo", "utvideo"})
_UNKNOWN = frozenset({"unknown", "unspecified", "reserved"})


@dataclass(frozen=True)
class VideoFormat:
    """How a video's frames are stored, as the file tags them; "" for a missing tag."""

    width: int
    height: int
    pixel_format: str
    chroma_location: str
    colour_range: str
    colour_space: str
    orientation: int
    """How the frames are stored, as EXIF numbers it: what the display matrix states."""
    interlaced: str
    """Which field comes first, e.g. ``top field first``; "" for whole frames."""
    lossless: bool
    """Also False where the file does not reveal that a lossy codec was used in a lossless mode."""


def decoding(path: Path, filters: str, target: str, container: str) -> FFmpegJob:
    """The job that sends every frame of a video through ``filters`` once, as it is stored: its display matrix is not applied.

    The timestamps of the frames are replaced by their numbers: rounding can give frames with irregular timestamps the same time,
    which ffmpeg's muxers report as an error.

    Args:
        filters: A chain of ffmpeg's video filters.
        target: The output file; "pipe:" or "-" for the standard output.
        container: The output format.
    """
    # V: cover pictures are left out. Frames of more pixels than are read are not set aside by ffmpeg either.
    stream = ffmpeg.input(f"file:{path}", noautorotate=None, max_pixels=most_pixels())["V:0"]
    steady = f"{filters},settb=1/1000,setpts=N"
    return ffmpeg.output(stream, target, format=container, vf=steady, fps_mode="passthrough", enc_time_base="filter")


def video_format(path: Path) -> VideoFormat:
    """The format of the first frame. Raises InputError for a file that is not a video, or has no or several video streams."""
    try:
        require_regular(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    messages = list(ffmpeg_messages(decoding(path, "showinfo=checksum=0,trim=end_frame=1", "-", "null")))
    streams = _streams(path, messages)
    frame, colour = _first(_FRAME, messages), _first(_COLOUR, messages)
    if not streams or frame is None or colour is None:
        reason = _stand_in(path) or first_complaint(messages) or "it has no video frames"
        raise InputError(f"{path}: cannot be read as a video: {reason}")
    check_picture(path, int(frame["width"]), int(frame["height"]))
    turned = _first(_ROTATION, messages)
    return VideoFormat(
        width=int(frame["width"]),
        height=int(frame["height"]),
        pixel_format=frame["format"],
        chroma_location=_tag(frame["location"]),
        colour_range=_tag(colour["range"]),
        colour_space=_tag(colour["space"]),
        orientation=_orientation(path, float(turned["degrees"])) if turned else UPRIGHT,
        interlaced=_FIELDS.get(frame["fields"], ""),
        lossless=_is_lossless(streams[0], messages),
    )


def count_video_frames(path: Path) -> int:
    """The number of frames that decoding gives. Raises InputError for damage, an early end, or a change of size or format."""
    # The filter writes a line per frame to the standard output, and counts from 0 again where the format changes. Messages
    # (such as showinfo's) are not reliable: they come from several threads and run into each other.
    filters = "metadata=mode=add:key=frame:value=1,metadata=mode=print:file=-"
    count = 0
    with running_ffmpeg(decoding(path, filters, "-", "null")) as running:
        for line in running.stdout:
            if not line.startswith(b"frame:"):
                continue
            if count and line.startswith(b"frame:0 "):
                raise InputError(f"{path}: its size or format changes at frame {count}; cut it there into two clips")
            count += 1
        code = running.finish()
    complaint = running.complaint() or (f"exit code {code}" if code else None)
    reason = f"ffmpeg: {complaint}" if complaint else how_cut_off(path)
    if reason:
        raise InputError(f"{path}: ends early or is damaged: {count} frames can be decoded ({reason}); copy or create it again")
    return count


def _orientation(path: Path, degrees: float) -> int:
    """The orientation that the display matrix states. ffmpeg prints its angle, which does not show whether it mirrors too.

    The matrix itself, from whatever container or stream, is in the header of a MOV file with one frame that ffmpeg writes.
    """
    stream = ffmpeg.input(f"file:{path}", noautorotate=None)["V:0"]
    options = {"format": "mov", "vcodec": "png", "pix_fmt": "rgb24", "vframes": 1, "movflags": "empty_moov+frag_keyframe"}
    with running_ffmpeg(ffmpeg.output(stream, "pipe:", **options)) as running:
        header = running.stdout.read()
        running.finish()
    track = header.find(b"tkhd")
    # After the box's name: version and flags, then times, number and length in 20 or 32 bytes, 16 more, the matrix.
    start = track + 8 + (32 if header[track + 4] else 20) + 16
    if track < 0 or start + 36 > len(header):
        raise InputError(
            f"{path}: its display matrix (rotation of {degrees:g} degrees) cannot be read; convert it to upright frames"
        )
    a, b, _u, c, d = struct.unpack_from(">5i", header, start)
    orientation = orientation_of_matrix(a, b, c, d)
    if orientation is None:
        raise InputError(
            f"{path}: its display matrix rotates frames by {degrees:g} degrees, which is no multiple of 90; "
            "convert it to upright frames"
        )
    return orientation


def _stand_in(path: Path) -> str | None:
    try:
        with path.open("rb") as file:
            instead = stand_in(file.read(512))
    except OSError as error:
        return error.strerror
    return f"it {instead}" if instead else None


def _streams(path: Path, messages: list[FFmpegMessage]) -> list[re.Match[str]]:
    streams = []
    for message in messages:
        if message.text.startswith("Stream mapping"):
            # What follows describes the streams of the output.
            break
        found = _STREAM.match(message.text)
        if found and "(attached pic)" not in message.text:
            streams.append(found)
    if len(streams) > 1:
        raise InputError(f"{path}: has {len(streams)} video streams; extract the one you need into its own file")
    return streams


def _is_lossless(stream: re.Match[str], messages: list[FFmpegMessage]) -> bool:
    if stream["codec"] != "h264":
        return stream["codec"] in _LOSSLESS_CODECS
    # x264 writes its settings into the stream; quantizer 0 in this profile switches the transform off and is lossless.
    note = _first(_USER_DATA, messages)
    settings = bytes.fromhex(note["hexadecimal"]).decode("latin-1") if note else ""
    return stream["profile"] == "High 4:4:4 Predictive" and "rc=cqp" in settings and " qp=0" in settings


def _first(pattern: re.Pattern[str], messages: list[FFmpegMessage]) -> re.Match[str] | None:
    return next((found for message in messages if (found := pattern.search(message.text))), None)


def _tag(value: str) -> str:
    return "" if value in _UNKNOWN else value
