"""How large a frame may be: a file of a few kilobytes can claim pictures of many gigabytes."""

from __future__ import annotations

import os
from typing import Final

from mgld_bench.errors import InputError

VARIABLE: Final = "MGLD_BENCH_MAX_PIXELS"
MOST_PIXELS: Final = 1 << 26
"""Pixels of a frame, unless $MGLD_BENCH_MAX_PIXELS states another number: 8192 x 8192, twice 8K video."""
_BYTES: Final = 8
"""Of a frame's file, for each of these pixels: no honest one has more, whatever its format."""


def most_pixels() -> int:
    """The limit. Raises InputError where the variable holds no number."""
    text = os.environ.get(VARIABLE, "").strip()
    if not text:
        return MOST_PIXELS
    if not (text.isascii() and text.isdigit() and 0 < len(text) <= 18 and int(text)):
        raise InputError(f"${VARIABLE}: must be a number of pixels, such as {MOST_PIXELS}, not {text[:40]}")
    return int(text)


def check_picture(what: object, width: int, height: int) -> None:
    """Raise InputError where a frame of ``what`` would have more pixels than the limit."""
    most = most_pixels()
    if width * height > most:
        raise InputError(
            f"{what}: its frames have {width}x{height} pixels, more than the {most} that are read; "
            f"set {VARIABLE} if that is right"
        )


def check_picture_file(what: object, size: int) -> None:
    """Raise InputError where a file of ``size`` bytes is larger than any file of one frame."""
    if size > most_pixels() * _BYTES:
        raise InputError(f"{what}: has {size / 1e9:.1f} GB, which no frame has; set {VARIABLE} if that is right")
