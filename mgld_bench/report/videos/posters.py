"""Small still pictures that stand for videos until these are wanted."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

import cv2

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import text_digest
from mgld_bench.errors import InputError
from mgld_bench.report.videos.kept import KeptFile
from mgld_bench.report.videos.wanted import Side

SUFFIX: Final = ".jpg"
WIDTH: Final = 320
"""Pixels; narrower sides are enlarged without interpolation, as the players show LR."""
_QUALITY: Final = 80
_REVISION: Final = 1


def poster(side: Side, index: int) -> KeptFile:
    """The poster of one side: its frame ``index``, or its last one where it has fewer."""
    index = min(index, side.clip.frame_count - 1)
    what = {"poster": side.content, "frame": index, "width": WIDTH, "quality": _QUALITY, "revision": _REVISION}
    make: Callable[[Path, Callable[[], None]], None] = partial(_make, side.clip, index)
    return KeptFile(text_digest(what), SUFFIX, 1, make)


def _make(clip: Clip, index: int, path: Path, frame_done: Callable[[], None]) -> None:
    frame = clip.frame(index)
    size = (WIDTH, max(1, round(frame.shape[0] * WIDTH / frame.shape[1])))
    way = cv2.INTER_AREA if frame.shape[1] > WIDTH else cv2.INTER_NEAREST
    small = cv2.cvtColor(cv2.resize(frame, size, interpolation=way), cv2.COLOR_RGB2BGR)
    done, encoded = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not done:
        raise InputError(f"clip {clip.name}: frame {index} cannot be stored as JPEG")
    path.write_bytes(encoded.tobytes())
    frame_done()
