"""Turning frames upright: the eight ways in which a camera can have stored them, numbered as EXIF numbers them."""

from __future__ import annotations

import struct
from typing import Final

import numpy as np

from mgld_bench.clips.clip import Frame

UPRIGHT: Final = 1
"""The orientation of frames that are stored as they are shown."""

_WORDS = {
    2: "mirrored left to right",
    3: "rotated by 180 degrees",
    4: "mirrored top to bottom",
    5: "rotated by 90 degrees clockwise, then mirrored left to right",
    6: "rotated by 90 degrees clockwise",
    7: "rotated by 90 degrees clockwise, then mirrored top to bottom",
    8: "rotated by 90 degrees counter-clockwise",
}
# What a display matrix does to a point: x' = a x + c y, y' = b x + d y, with y pointing down.
_MATRICES = {
    (1, 0, 0, 1): 1,
    (-1, 0, 0, 1): 2,
    (-1, 0, 0, -1): 3,
    (1, 0, 0, -1): 4,
    (0, 1, 1, 0): 5,
    (0, 1, -1, 0): 6,
    (0, -1, -1, 0): 7,
    (0, -1, 1, 0): 8,
}
_EXIF_ORIENTATION, _EXIF_SHORT = 0x0112, 3


def turned_upright(frame: Frame, orientation: int) -> Frame:
    """A stored frame as it is to be shown."""
    if orientation == UPRIGHT:
        return frame
    if is_sideways(orientation):
        frame = frame.transpose(1, 0, 2)
    flips = {2: (1,), 3: (0, 1), 4: (0,), 5: (), 6: (1,), 7: (0, 1), 8: (0,)}[orientation]
    return np.ascontiguousarray(np.flip(frame, flips))


def is_sideways(orientation: int) -> bool:
    """Whether height and width change places."""
    return orientation >= 5


def turn_in_words(orientation: int) -> str:
    """What turns a stored frame upright, e.g. ``rotated by 180 degrees``."""
    return _WORDS[orientation]


def orientation_of_matrix(a: int, b: int, c: int, d: int) -> int | None:
    """The orientation that a display matrix states; None where it does more than turn by right angles and mirror.

    >>> orientation_of_matrix(0, 65536, -65536, 0)
    6
    """
    largest = max(abs(part) for part in (a, b, c, d))
    if largest == 0:
        return None
    # Some writers round cosines, so that what should be 0 is a few parts in 65536.
    if any(0.01 < abs(part) / largest < 0.99 for part in (a, b, c, d)):
        return None
    return _MATRICES.get((round(a / largest), round(b / largest), round(c / largest), round(d / largest)))


def orientation_of_exif(tiff: bytes) -> int:
    """The orientation in a block of EXIF data (from its byte order mark on); upright where it states none, as decoders do.

    >>> orientation_of_exif(b"")
    1
    """
    order = {b"II": "<", b"MM": ">"}.get(tiff[:2])
    if order is None or len(tiff) < 8:
        return UPRIGHT
    (position,) = struct.unpack_from(f"{order}I", tiff, 4)
    if position + 2 > len(tiff):
        return UPRIGHT
    (count,) = struct.unpack_from(f"{order}H", tiff, position)
    for start in range(position + 2, position + 2 + 12 * count, 12):
        if start + 12 > len(tiff):
            break
        tag, kind, _number, value = struct.unpack_from(f"{order}HHIH", tiff, start)
        if tag == _EXIF_ORIENTATION:
            return int(value) if kind == _EXIF_SHORT and (value in _WORDS) else UPRIGHT
    return UPRIGHT
