"""Video files that were cut off where no decoder notices it: containers without a declared length."""

from __future__ import annotations

import re
from pathlib import Path
from typing import BinaryIO, Final

_Y4M: Final = b"YUV4MPEG2 "
_FIELD: Final = re.compile(rb" ([A-Z])(\S+)")
_SUBSAMPLED: Final = {
    **dict.fromkeys((b"420", b"420jpeg", b"420mpeg2", b"420paldv"), (2, 2)),
    **{b"411": (4, 1), b"422": (2, 1), b"444": (1, 1)},
}
"""By the header's name of a layout that becomes 8-bit RGB: how many samples across and down share a chroma sample."""
_LONGEST_LINE: Final = 1024
_TS_PACKET: Final = 188
_SYNC: Final = 0x47


def how_cut_off(path: Path) -> str | None:
    """Where the file ends too early, in words; None where it is whole, of another kind, or cut between two frames or packets.

    YUV4MPEG: inside a frame. MPEG transport stream: inside one of its packets of 188 bytes (192 with timestamps, as m2ts).

    Raises OSError where the file cannot be read.
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        begin = file.read(_LONGEST_LINE)
        if begin.startswith(_Y4M):
            return _inside_frame(file, begin.partition(b"\n")[0], size)
        for stamp in (0, 4):
            packet = _TS_PACKET + stamp
            if len(begin) > 3 * packet and all(begin[stamp + index * packet] == _SYNC for index in range(4)):
                return f"it ends inside packet {size // packet}" if size % packet else None
    return None


def _inside_frame(file: BinaryIO, header: bytes, size: int) -> str | None:
    length = _frame_length(header)
    if length is None:
        return None
    file.seek(len(header) + 1)
    index = 0
    while line := file.readline(_LONGEST_LINE):
        if not line.startswith(b"FRAME") or not line.endswith(b"\n") or file.seek(length, 1) > size:
            return f"it ends inside frame {index}"
        index += 1
    return None


def _frame_length(header: bytes) -> int | None:
    """Bytes of the samples of a frame; None for a layout that is not read anyway."""
    fields = dict(_FIELD.findall(header))
    chroma = fields.get(b"C", b"420")
    try:
        width, height = int(fields[b"W"]), int(fields[b"H"])
    except (KeyError, ValueError):
        return None
    if chroma not in _SUBSAMPLED:
        return None
    across, down = _SUBSAMPLED[chroma]
    return width * height + 2 * -(-width // across) * -(-height // down)
