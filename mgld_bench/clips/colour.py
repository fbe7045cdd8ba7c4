"""How the samples of a video become 8-bit RGB: by the file's tags; where one is missing, as stated, or by a written rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.video_facts import VideoFormat
from mgld_bench.errors import InputError, did_you_mean

COLOURS: Final[Mapping[str, tuple[str, str]]] = {
    "bt601": ("bt601", "limited"),
    "bt709": ("bt709", "limited"),
    "bt601-full": ("bt601", "full"),
    "bt709-full": ("bt709", "full"),
}
"""Matrix and range that can be stated for untagged video, by name."""

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

HD_ROWS: Final = 720
"""Untagged video with so many rows or more, as they are stored (before a rotation), is read as BT.709, all other as BT.601, as
most players and decoders do. Files that ffmpeg, OpenCV or imageio have written without a tag are BT.601 whatever their size."""
_UNTAGGED_RANGE = "limited"
"""What H.264, HEVC, MPEG-2 and MPEG-4 specify for video without a range flag."""
_UNTAGGED_LOCATION = "left"
"""What H.264, HEVC, MPEG-2 and MPEG-4 specify for 4:2:0 without a location."""

_FLAGS = "bicubic+accurate_rnd+full_chroma_int+bitexact"
"""Chroma is interpolated, and the bytes are the same on every processor."""


@dataclass(frozen=True)
class ColourConversion:
    """The ffmpeg filters that make 8-bit RGB, and the record of them (see `ClipFacts.conversion`)."""

    filters: str
    record: dict[str, str]
    changes: Mapping[str, str] = field(default_factory=dict)
    """What untagged samples are taken as, where it is not BT.601 of limited range; part of the clip's digest."""


def check_colour(colour: str) -> str:
    """The name of a matrix and range to state for untagged video, or "". Raises InputError where it is not one of `COLOURS`."""
    if colour and colour not in COLOURS:
        hint = did_you_mean(colour, COLOURS, f"choose one of {', '.join(COLOURS)}")
        raise InputError(f"colour {colour!r} does not exist: {hint}")
    return colour


def colour_without_effect(colour: str, clips: Iterable[Clip]) -> str:
    """The note that ``colour`` was stated for nothing; "" where none was stated, or a clip has samples that it is for."""
    conversions = [clip.facts.conversion for clip in clips]
    if not colour or any("stated" in (each.get("matrix_source"), each.get("range_source")) for each in conversions):
        return ""
    return f"note: --colour {colour} changes nothing: it is for video without tags, and there is none"


def colour_conversion(path: Path, stored: VideoFormat, colour: str = "") -> ColourConversion:
    """How frames stored in this format become 8-bit RGB.

    Args:
        path: The file, for messages.
        stored: Its format.
        colour: What its samples are where they are not tagged, of `COLOURS`; "": the rule of `HD_ROWS`, and limited range.

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
    by_rule = "bt709" if stored.height >= HD_ROWS else "bt601", _UNTAGGED_RANGE
    untagged_matrix, untagged_range = COLOURS.get(colour, by_rule)
    matrix = _MATRICES.get(stored.colour_space, untagged_matrix)
    colour_range = _RANGES.get(stored.colour_range, untagged_range)
    changes = {}
    if not stored.colour_space and matrix != "bt601":
        changes["matrix"] = matrix
    if stored.colour_range not in _RANGES and colour_range != _UNTAGGED_RANGE:
        changes["range"] = colour_range
    filters = f"scale=in_color_matrix={matrix}:in_range={colour_range}:out_range=full:flags={_FLAGS}"
    record = {
        "pixel_format": stored.pixel_format,
        "matrix": matrix,
        "matrix_source": _source(stored.colour_space, colour),
        "range": colour_range,
        "range_source": _source(stored.colour_range, colour),
        "scaler": _FLAGS,
    }
    if pixel_format in _SUBSAMPLED_FORMATS:
        location = stored.chroma_location or _UNTAGGED_LOCATION
        filters += f":in_chroma_loc={location}"
        record |= {"chroma_location": location, "chroma_location_source": "decoder" if stored.chroma_location else "assumed"}
    return ColourConversion(f"{filters},format=rgb24", record, changes)


def _source(tag: str, colour: str) -> str:
    return "tagged" if tag else "stated" if colour else "assumed"
