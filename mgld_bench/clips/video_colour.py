"""How a video's samples become 8-bit RGB: matrix, range and chroma position, each tagged in the file or by a written rule."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from mgld_bench.clips.video_facts import VideoFormat
from mgld_bench.errors import InputError

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
"""What H.264, HEVC, MPEG-2 and MPEG-4 say of video without a range flag."""
_UNTAGGED_LOCATION = "left"
"""What H.264, HEVC, MPEG-2 and MPEG-4 say of 4:2:0 without a location."""

_FLAGS = "bicubic+accurate_rnd+full_chroma_int+bitexact"
"""Chroma is interpolated, and the bytes are the same on every processor."""


@dataclass(frozen=True)
class ColourConversion:
    """The ffmpeg filters that make 8-bit RGB, and what is recorded of them (see ClipFacts.conversion)."""

    filters: str
    record: dict[str, str]


def colour_conversion(path: Path, stored: VideoFormat) -> ColourConversion:
    """How to make 8-bit RGB of ``stored``.

    Raises InputError for alpha, gray, more than 8 bits, RGB of limited range and rare matrices.
    """
    # yuvj420p and the like are older names of the full-range formats.
    pixel_format = stored.pixel_format.replace("yuvj", "yuv")
    if pixel_format in _RGB_FORMATS:
        if stored.colour_range == "tv":
            raise InputError(f"{path}: holds RGB of limited range: convert it to full range first")
        return ColourConversion(f"scale=flags={_FLAGS},format=rgb24", {})
    if pixel_format not in _SUBSAMPLED_FORMATS | _FULL_CHROMA_FORMATS:
        raise InputError(
            f"{path}: holds {stored.pixel_format} samples, which are not 8-bit colour without alpha: "
            "convert it to a folder of 8-bit RGB PNG, and say how you did"
        )
    if stored.colour_space and stored.colour_space not in _MATRICES:
        raise InputError(f"{path}: its colour matrix {stored.colour_space} is not supported: convert it to bt709")
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
