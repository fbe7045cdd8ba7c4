"""One frame from one image file: its format, whether it is complete, and its pixels as 8-bit RGB."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np

from mgld_bench.clips.clip import Frame
from mgld_bench.clips.image_headers import ImageFormat, bmp_format, cut, jpeg_format, png_format, transparent
from mgld_bench.clips.jpeg_scans import LARGEST, ends_early
from mgld_bench.clips.largest_picture import check_picture, check_picture_file
from mgld_bench.clips.regular import require_regular
from mgld_bench.clips.upright import turned_upright
from mgld_bench.errors import InputError

_INSPECT = {"png": png_format, "jpeg": jpeg_format, "bmp": bmp_format}
_KINDS = {".png": "png", ".jpg": "jpeg", ".jpeg": "jpeg", ".bmp": "bmp"}
IMAGE_SUFFIXES = frozenset(_KINDS)
"""Suffixes of the image files that are read, in lower case."""


def image_kind(file: Path) -> str:
    """png, jpeg or bmp, by the suffix of the name."""
    return _KINDS[file.suffix.lower()]


def read_image_format(file: Path) -> ImageFormat:
    """The format of ``file``, without decoding its pixels.

    Raises:
        InputError: The file is not complete, is larger than frames may be, or cannot become 8-bit RGB without loss.
    """
    return _inspected(file, _read(file))


def read_image(file: Path) -> tuple[ImageFormat, Frame]:
    """The format of ``file`` and its pixels, (H, W, 3) uint8 RGB, turned upright where an EXIF orientation requires it.

    Raises:
        InputError: As `read_image_format`, and for pixels that cannot be decoded or are transparent.
    """
    data = _read(file)
    stored = _inspected(file, data)
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None or pixels.dtype != np.uint8 or pixels.shape[:2] != stored.stored_size:
        raise InputError(f"{file}: is damaged: its pixels cannot be decoded; replace the file")
    if stored.end and pixels.size <= LARGEST and ends_early(data, stored.end, progressive=stored.progressive):
        raise cut(file)
    if pixels.ndim == 3 and pixels.shape[2] == 4 and stored.alpha and not (pixels[:, :, 3] == 255).all():
        raise transparent(file)
    to_rgb = {2: cv2.COLOR_GRAY2RGB, 3: cv2.COLOR_BGR2RGB}[pixels.ndim]
    if pixels.ndim == 3 and pixels.shape[2] == 4:
        to_rgb = cv2.COLOR_BGRA2RGB
    return stored, turned_upright(np.asarray(cv2.cvtColor(pixels, to_rgb), np.uint8), stored.orientation)


def _inspected(file: Path, data: bytes) -> ImageFormat:
    found = _INSPECT[image_kind(file)](file, data)
    check_picture(file, found.width, found.height)
    return found


def _read(file: Path) -> bytes:
    try:
        require_regular(file)
        check_picture_file(file, file.stat().st_size)
        return file.read_bytes()
    except OSError as error:
        raise InputError(f"{file}: cannot be read: {error.strerror}") from None
