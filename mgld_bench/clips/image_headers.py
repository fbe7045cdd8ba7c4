"""The headers of PNG, JPEG and BMP files, and whether the files are complete: decoders ignore much of what is wrong."""

from __future__ import annotations

import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from mgld_bench.clips.jpeg_scans import PROGRESSIVE, lacks_scans
from mgld_bench.clips.stand_ins import stand_in
from mgld_bench.clips.upright import UPRIGHT, is_sideways, orientation_of_exif, turn_in_words
from mgld_bench.errors import InputError

_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_SAMPLES = {0: "gray", 2: "RGB", 3: "palette", 4: "gray and alpha", 6: "RGB and alpha"}
_PNG_CONVERSIONS = {
    0: {"samples": "gray repeated to RGB"},
    2: {},
    3: {"samples": "palette expanded to RGB"},
    4: {"samples": "gray repeated to RGB, opaque alpha dropped"},
    6: {"samples": "opaque alpha dropped"},
}
_JFIF_CONVERSION = {"matrix": "bt601", "matrix_source": "JFIF", "range": "full", "range_source": "JFIF"}
_EXIF = b"Exif\0\0"
_SUBSAMPLINGS = {(2, 2): "4:2:0", (2, 1): "4:2:2", (1, 2): "4:4:0", (4, 1): "4:1:1"}
# In entropy-coded data ff 00 is a byte of data and ff d0 .. ff d7 are restart markers; anything else after ff ends the scan.
_JPEG_SCAN_END = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]")
_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


@dataclass(frozen=True)
class ImageFormat:
    """The facts of one image file, from its header."""

    height: int
    """Of the upright frame, as ``width``."""
    width: int
    samples: str
    """What is stored per pixel, in words."""
    lossy: bool = False
    alpha: bool = False
    """Whether an alpha channel is stored; it may be dropped only where it is opaque."""
    conversion: Mapping[str, str] = field(default_factory=dict)
    """As `ClipFacts.conversion`."""
    orientation: int = UPRIGHT
    """How the pixels are stored, as EXIF numbers it."""
    end: int = 0
    """Of a JPEG file: where its end mark is."""
    progressive: bool = False
    """Of a JPEG file: whether each scan makes the whole picture finer, not larger."""

    @property
    def stored_size(self) -> tuple[int, int]:
        """(height, width) of the pixels as they are stored."""
        return (self.width, self.height) if is_sideways(self.orientation) else (self.height, self.width)

    def with_orientation(self, orientation: int) -> ImageFormat:
        """This format, of a file whose frame has to be turned upright."""
        if orientation == UPRIGHT:
            return self
        height, width = (self.width, self.height) if is_sideways(orientation) else (self.height, self.width)
        rotation = f"{turn_in_words(orientation)}, as its EXIF orientation {orientation} requires"
        return replace(
            self, height=height, width=width, orientation=orientation, conversion={**self.conversion, "rotation": rotation}
        )


def png_format(file: Path, data: bytes) -> ImageFormat:
    """The format of a PNG file.

    Raises:
        InputError: The file is truncated or damaged (the checksum of every chunk is checked), has 16 bits per sample or a
            transparent colour, or is an animation.
    """
    if not data.startswith(_PNG_SIGNATURE):
        raise _wrong_kind(file, "PNG", data)
    header, exif = b"", b""
    has_pixels = False
    for kind, content in _png_chunks(file, data):
        if not header and (kind != b"IHDR" or len(content) != 13):
            raise _damaged(file, "its header is broken")
        if kind == b"IHDR" and not header:
            header = content
        elif kind == b"IDAT":
            has_pixels = True
        elif kind == b"eXIf":
            exif = content
        elif kind == b"tRNS":
            raise InputError(f"{file}: has a transparent colour, which a frame cannot have; store it as RGB")
        elif kind == b"acTL":
            raise InputError(f"{file}: is an animation, not one frame; store its frames as separate files")
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    if not has_pixels or colour not in _PNG_SAMPLES or 0 in (width, height):
        raise _damaged(file, "its header is broken")
    if depth == 16:
        raise _too_deep(file, 16)
    found = ImageFormat(height, width, _PNG_SAMPLES[colour], alpha=colour in (4, 6), conversion=_PNG_CONVERSIONS[colour])
    return found.with_orientation(orientation_of_exif(exif))


def _png_chunks(file: Path, data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Type and content of every chunk up to the last, IEND."""
    position = len(_PNG_SIGNATURE)
    kind = b""
    while kind != b"IEND":
        if position + 12 > len(data):
            raise cut(file)
        (length,) = struct.unpack_from(">I", data, position)
        end = position + 12 + length
        kind = data[position + 4 : position + 8]
        if end > len(data):
            raise cut(file)
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        if zlib.crc32(memoryview(data)[position + 4 : end - 4]) != checksum:
            raise _damaged(file, f"the checksum of its chunk {kind.decode('latin-1')!r} is wrong")
        yield kind, data[position + 8 : end - 4]
        position = end


def jpeg_format(file: Path, data: bytes) -> ImageFormat:
    """The format of a JPEG file. Damage inside its scans is not detected: they have no checksum.

    Raises:
        InputError: The file is truncated, lacks a scan, or has more than 8 bits per sample or four components (CMYK).
    """
    if not data.startswith(b"\xff\xd8"):
        raise _wrong_kind(file, "JPEG", data)
    frame, exif = b"", b""
    stored_as_rgb = False
    kind, scans, end = 0, [], 0
    for marker, content, end in _jpeg_segments(file, data):  # noqa: B007 - the last end is wanted
        if marker in _JPEG_FRAME_MARKERS and not frame:
            kind, frame = marker, content
        elif marker == 0xDA:
            scans.append(content)
        elif marker == 0xEE and content.startswith(b"Adobe") and len(content) >= 12:
            stored_as_rgb = content[11] == 0
        elif marker == 0xE1 and content.startswith(_EXIF) and not exif:
            exif = content[len(_EXIF) :]
    if len(frame) < 6:
        raise _damaged(file, "its header is broken")
    depth, height, width, components = struct.unpack(">BHHB", frame[:6])
    if 0 in (height, width):
        raise _damaged(file, "its header is broken")
    if depth != 8:
        raise _too_deep(file, depth)
    if lacks_scans(kind, frame, scans):
        raise cut(file)
    whole = ImageFormat(height, width, "YCbCr", lossy=True, end=end, progressive=kind in PROGRESSIVE)
    orientation = orientation_of_exif(exif)
    if components == 1:
        gray = replace(whole, samples="gray", conversion={"samples": "gray repeated to RGB"})
        return gray.with_orientation(orientation)
    if components != 3:
        raise InputError(f"{file}: has {components} colour components (CMYK?); store it as RGB")
    if stored_as_rgb:
        return replace(whole, samples="RGB").with_orientation(orientation)
    return replace(whole, conversion={**_JFIF_CONVERSION, **_chroma(frame)}).with_orientation(orientation)


def _chroma(frame: bytes) -> dict[str, str]:
    """The record of a colour resolution that is lower than that of luma; empty where it is the same."""
    factors = frame[7:16:3]
    if len(factors) < 3 or len(set(factors)) == 1:
        return {}
    across, down = factors[0] // 16, factors[0] % 16
    return {"chroma": _SUBSAMPLINGS.get((across, down), f"1/{across} x 1/{down}")}


def _jpeg_segments(file: Path, data: bytes) -> Iterator[tuple[int, bytes, int]]:
    """Marker, content and end of every segment up to the end marker; a scan follows its header and belongs to its segment."""
    position = 2
    while True:
        while data[position : position + 2] == b"\xff\xff":
            position += 1
        if position + 2 > len(data):
            raise cut(file)
        if data[position] != 0xFF:
            raise _damaged(file, f"there is no JPEG segment at byte {position}")
        marker = data[position + 1]
        if marker == 0xD9:
            return
        if position + 4 > len(data):
            raise cut(file)
        (length,) = struct.unpack_from(">H", data, position + 2)
        end = position + 2 + length
        if end > len(data):
            raise cut(file)
        content = data[position + 4 : end]
        if marker == 0xDA:
            following = _JPEG_SCAN_END.search(data, end)
            if following is None:
                raise cut(file)
            end = following.end() - 2
        yield marker, content, end
        position = end


def bmp_format(file: Path, data: bytes) -> ImageFormat:
    """The format of a BMP file.

    Raises:
        InputError: The file is truncated, or its pixels are packed, in bit fields or compressed.
    """
    if not data.startswith(b"BM"):
        raise _wrong_kind(file, "BMP", data)
    if len(data) < 54:
        raise cut(file)
    offset, header, width, height, _planes, depth, compression = struct.unpack_from("<IIiiHHI", data, 10)
    if header < 40 or width <= 0 or height == 0:
        raise _damaged(file, "its header is broken or of an unsupported kind; store it as PNG")
    if compression != 0 or depth not in (1, 4, 8, 24, 32):
        raise InputError(f"{file}: has {depth}-bit pixels in an unsupported form (compression {compression}); store it as PNG")
    row = (width * depth + 31) // 32 * 4
    if offset + row * abs(height) > len(data):
        raise cut(file)
    if depth == 32:
        # By the format's rules the fourth byte has no meaning, but some programs store an alpha channel there.
        fourth = data[offset + 3 : offset + row * abs(height) : 4]
        if fourth.strip(b"\0") and fourth.strip(b"\xff"):
            raise transparent(file)
    if depth <= 8:
        return ImageFormat(abs(height), width, "palette", conversion=_PNG_CONVERSIONS[3])
    return ImageFormat(abs(height), width, "RGB")


def transparent(file: Path) -> InputError:
    """The error for a frame that is not opaque."""
    return InputError(f"{file}: is partly transparent, which a frame cannot be; store it as RGB over the background you want")


def cut(file: Path) -> InputError:
    """The error for a file that ends too early."""
    return InputError(f"{file}: is truncated: its end is missing; copy or create it again")


def _damaged(file: Path, what: str) -> InputError:
    return InputError(f"{file}: is damaged: {what}; replace the file")


def _too_deep(file: Path, depth: int) -> InputError:
    return InputError(f"{file}: has {depth} bits per sample, but frames are 8-bit RGB; convert it, and document the rounding")


def _wrong_kind(file: Path, kind: str, data: bytes) -> InputError:
    return InputError(f"{file}: {stand_in(data) or f'is not a {kind} file, despite its name'}")
