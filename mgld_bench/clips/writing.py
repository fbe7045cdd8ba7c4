"""Writing frames and lossless videos; every file appears whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from itertools import chain
from pathlib import Path

import cv2
import ffmpeg
import numpy as np

from mgld_bench.clips.atomic import replacing, write_bytes_atomic
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.ffmpeg import feed_ffmpeg
from mgld_bench.errors import InputError

_PNG_COMPRESSION = 1
"""zlib's level: on natural frames level 3 is 5% smaller and takes 50% longer."""


def frame_name(index: int) -> str:
    """The file name of frame ``index`` (from 0) in a folder that the suite writes.

    >>> frame_name(7)
    '00000007.png'
    """
    return f"{index:08d}.png"


def encode_png(frame: Frame) -> bytes:
    """``frame`` (H, W, 3) uint8 RGB as the bytes of an 8-bit RGB PNG; the same frame always gives the same bytes."""
    _check(frame)
    done, encoded = cv2.imencode(".png", cv2.cvtColor(frame, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_PNG_COMPRESSION, _PNG_COMPRESSION])
    if not done:
        raise InputError(f"a frame of {frame.shape[1]}x{frame.shape[0]} cannot be stored as PNG")
    return encoded.tobytes()


def write_frame(path: Path, frame: Frame) -> None:
    """Write ``frame`` (H, W, 3) uint8 RGB as a PNG."""
    write_bytes_atomic(path, encode_png(frame))


def write_video(path: Path, frames: Iterable[Frame], frames_per_second: Fraction | int) -> None:
    """Write a lossless RGB video that reads back bit for bit. The same frames and rate give the same bytes.

    Args:
        path: With the suffix .mkv (FFV1 with checksums) or .mp4 (H.264 in RGB with quantizer 0).
        frames: (H, W, 3) uint8 RGB, all of the same size.

    Raises:
        InputError: The suffix is a different one, there are no frames, or a frame's size differs from that of the first.
    """
    encoders = {
        # Level 3 with slicecrc: a damaged slice is detected when it is read.
        ".mkv": {"format": "matroska", "vcodec": "ffv1", "pix_fmt": "bgr0", "level": 3, "slicecrc": 1},
        ".mp4": {
            "format": "mp4",
            "vcodec": "libx264rgb",
            "pix_fmt": "rgb24",
            "qp": 0,
            "preset": "fast",
            "movflags": "+faststart",
        },
    }
    if path.suffix.lower() not in encoders:
        raise InputError(f"{path}: the suffix of a lossless video must be {' or '.join(encoders)}")
    stream = iter(frames)
    first = next(stream, None)
    if first is None:
        raise InputError(f"{path}: there are no frames to write")
    height, width = first.shape[:2]
    source = ffmpeg.input(
        "pipe:", format="rawvideo", pix_fmt="rgb24", video_size=(width, height), framerate=str(Fraction(frames_per_second))
    )
    with replacing(path) as temporary:
        # Without the date and random numbers that containers have: the same frames give the same bytes.
        exact = {"fflags": "+bitexact", "flags:v": "+bitexact"}
        target = ffmpeg.output(source, f"file:{temporary}", **encoders[path.suffix.lower()], **exact).overwrite_output()
        feed_ffmpeg(target, (_raw(frame, height, width, path) for frame in chain([first], stream)), str(path))


def _raw(frame: Frame, height: int, width: int, path: Path) -> bytes:
    _check(frame)
    if frame.shape[:2] != (height, width):
        raise InputError(f"{path}: a frame is {frame.shape[1]}x{frame.shape[0]}, but the first is {width}x{height}")
    return frame.tobytes()


def _check(frame: Frame) -> None:
    if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
        raise InputError(f"a frame must be (height, width, 3) uint8, not {frame.shape} {frame.dtype}")
