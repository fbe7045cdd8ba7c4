"""The two ways in which a study's videos are encoded, and files that say nothing by their size.

Key frames come at the same places in every video, whatever it shows: a cut that one method blurs must not show in how quickly a
browser seeks.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from mgld_bench.report.videos.encodings import EXACT as REPORT_EXACT
from mgld_bench.report.videos.encodings import PREVIEW, Encoding

_KEY_FRAMES: Final = 8

EXACT: Final = Encoding(
    "exact",
    REPORT_EXACT.suffix,
    REPORT_EXACT.media_type,
    REPORT_EXACT.filters,
    {**REPORT_EXACT.options, "g": _KEY_FRAMES, "keyint_min": _KEY_FRAMES},
    1,
)
"""VP9 in RGB, lossless: every pixel on the screen is that of the restored frame (in Chromium and Firefox)."""

CLOSE: Final = Encoding(
    "preview",
    PREVIEW.suffix,
    PREVIEW.media_type,
    PREVIEW.filters,
    {**PREVIEW.options, "crf": 4, "preset": "medium", "g": _KEY_FRAMES, "keyint_min": _KEY_FRAMES, "sc_threshold": 0},
    1,
)
"""H.264 with chroma at half resolution and hardly any quantisation: plays everywhere."""

_VOID: Final = 0xEC
_VOID_HEADER: Final = 9
_FREE_HEADER: Final = 8
_LARGEST_FREE: Final = 2**32 - 1
_BLOCK: Final = 1 << 20
SPARE: Final = 16
"""Bytes that a padded file has more than the largest of its clip at least: room for the smallest padding there is."""


def write_padded(source: Path, target: IO[bytes], size: int) -> None:
    """Write a copy of a video that has exactly ``size`` bytes, at least SPARE more than the video.

    The end of the file is an element that players skip: `Void` in WebM, `free` in MP4. It holds random bytes, so that compression
    on the way (a proxy's) does not undo it.

    Args:
        source: A .webm or .mp4 file.
        target: Where to.
        size: Bytes.
    """
    written = 0
    with source.open("rb") as video:
        while block := video.read(_BLOCK):
            target.write(block)
            written += len(block)
    room = size - written
    if room < SPARE:
        raise ValueError(f"{source} has {written} bytes: it cannot be padded to {size}")
    if source.suffix == ".webm":
        # An EBML length of 8 bytes: its first byte is 1.
        parts = [(bytes([_VOID, 1]) + (room - _VOID_HEADER).to_bytes(7, "big"), room - _VOID_HEADER)]
    else:
        parts = [(length.to_bytes(4, "big") + b"free", length - _FREE_HEADER) for length in _box_lengths(room)]
    for header, filling in parts:
        target.write(header)
        for start in range(0, filling, _BLOCK):
            target.write(secrets.token_bytes(min(_BLOCK, filling - start)))


def _box_lengths(room: int) -> Iterator[int]:
    """``room`` as the lengths of boxes, each of at least its header."""
    while room > _LARGEST_FREE:
        yield _LARGEST_FREE - _FREE_HEADER
        room -= _LARGEST_FREE - _FREE_HEADER
    yield room
