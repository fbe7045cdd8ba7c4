"""Many temporal profiles of one side in one picture: the page shows one of them at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError

LENGTH: Final = 640
"""Pixels: longer lines are shrunk to this length."""
MOST_LINES: Final = 24
"""In each direction; the page takes the one that is nearest to the pointer."""
_MOST_ROWS: Final = 16_000
"""Of a sprite: what browsers show everywhere."""
QUALITY: Final = 92
REVISION: Final = 1


@dataclass(frozen=True)
class Lines:
    """Which lines of a clip have profiles."""

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    """From the top and from the left, in pixels of the full clip."""


def choose_lines(height: int, width: int, frames: int) -> Lines:
    """Evenly spaced lines, fewer for long clips."""
    most = max(1, min(MOST_LINES, _MOST_ROWS // (2 * frames)))

    def spaced(length: int) -> tuple[int, ...]:
        count = min(most, length)
        return tuple(int((place + 0.5) * length / count) for place in range(count))

    return Lines(spaced(height), spaced(width))


def sprite_sizes(height: int, width: int) -> tuple[int, int]:
    """How long a row and a column are in the sprite."""
    return min(width, LENGTH), min(height, LENGTH)


def write_sprite(clip: Clip, lines: Lines, scale: int, path: Path, frame_done: Callable[[], None]) -> None:
    """Write the profiles of one side as a JPEG with chroma at full resolution.

    One profile after the other from the top, rows first: of each, every frame is a row of the picture, from left to right for a
    row of the clip and from its top for a column.

    Args:
        clip: The side.
        lines: Of the full clip.
        scale: How many pixels of the full clip one of the side's is wide.
        path: Where to.
        frame_done: Called after each frame.

    Raises:
        InputError: A frame cannot be read.
    """
    row_length, column_length = sprite_sizes(clip.height, clip.width)
    count = len(lines.rows) + len(lines.columns)
    sprite = np.zeros((count, clip.frame_count, max(row_length, column_length), 3), np.uint8)
    for index, frame in enumerate(clip.frames()):
        for place, line in enumerate(_lines(frame, lines, scale)):
            sprite[place, index, : len(line)] = line
        frame_done()
    flat = cv2.cvtColor(sprite.reshape(-1, *sprite.shape[2:]), cv2.COLOR_RGB2BGR)
    settings = [cv2.IMWRITE_JPEG_QUALITY, QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    done, encoded = cv2.imencode(".jpg", flat, settings)
    if not done:
        raise InputError(f"clip {clip.name}: its temporal profiles cannot be stored as JPEG")
    path.write_bytes(encoded.tobytes())


def _lines(frame: Frame, lines: Lines, scale: int) -> Iterator[npt.NDArray[np.uint8]]:
    row_length, column_length = sprite_sizes(*frame.shape[:2])
    for row in lines.rows:
        yield _shrunk(frame[min(row // scale, frame.shape[0] - 1)], row_length)
    for column in lines.columns:
        yield _shrunk(frame[:, min(column // scale, frame.shape[1] - 1)], column_length)


def _shrunk(line: npt.NDArray[np.uint8], length: int) -> npt.NDArray[np.uint8]:
    if len(line) == length:
        return line
    shrunk: npt.NDArray[np.uint8] = np.asarray(cv2.resize(line[None], (length, 1), interpolation=cv2.INTER_AREA), dtype=np.uint8)
    return shrunk.reshape(length, 3)
