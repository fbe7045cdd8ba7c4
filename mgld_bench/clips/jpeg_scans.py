"""Whether the scans of a JPEG file hold all of its picture. Decoders fill what is missing with grey, and report nothing."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from PIL import Image

PROGRESSIVE = frozenset({0xC2, 0xC6, 0xCA, 0xCE})
"""Markers of frame headers."""
_COEFFICIENTS = 64
_RESTART = re.compile(rb"\xff[\xd0-\xd7]")
_FIRST_RESTART = 0xD0
LARGEST = 80_000_000
"""Samples beyond which the other decoder may take a picture for a trap."""


def lacks_scans(marker: int, frame: bytes, scans: Sequence[bytes]) -> bool:
    """Whether a component, or a coefficient of one, is in none of the scans, or not to its last bit.

    Args:
        marker: of the frame header: which kind of JPEG it is.
        frame: content of the frame header.
        scans: content of each scan header, in order.
    """
    components = frame[6::3][: frame[5]]
    missing = {component: set(range(_COEFFICIENTS)) for component in components}
    for scan in scans:
        count = scan[0] if scan else 0
        if len(scan) < 4 + 2 * count:
            return True
        first, last, bits = scan[1 + 2 * count : 4 + 2 * count]
        found = range(first, last + 1) if marker in PROGRESSIVE else range(_COEFFICIENTS)
        if marker in PROGRESSIVE and bits & 0x0F:
            # Lower bits of these coefficients follow in a later scan.
            continue
        for component in scan[1 : 1 + 2 * count : 2]:
            missing.get(component, set()).difference_update(found)
    return any(missing.values())


def ends_early(data: bytes, end: int, *, progressive: bool) -> bool:
    """Whether the decoder needs more than the last scan has: then, other bytes after it change the picture.

    Nothing else shows it: a picture may well end in one colour.

    Args:
        data: the file.
        end: where its end mark is.
        progressive: whether its scans make the picture finer. If not, a small one shows whether any of its blocks is missing.
    """
    # Without 0xff, which begins marks; and nothing that a whole picture would need.
    surplus = hashlib.sha256(data[:end]).digest().replace(b"\xff", b"\x5a") * 8
    # It may also end where the decoder waits for the next restart mark.
    restarts = _RESTART.findall(data, 0, end)
    following = _FIRST_RESTART + (restarts[-1][1] - _FIRST_RESTART + 1) % 8 if restarts else _FIRST_RESTART
    surplus += bytes((0xFF, following)) + surplus
    try:
        before, after = (_decoded(some, small=not progressive) for some in (data, data[:end] + surplus + data[end:]))
    except (OSError, SyntaxError, ValueError):
        # What this decoder does not take is no whole picture.
        return True
    return not np.array_equal(before, after)


def _decoded(data: bytes, *, small: bool) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(data), formats=["JPEG"]) as image:
        if small:
            # A pixel per block, which takes a quarter of the time.
            image.draft(None, (image.width // 8, image.height // 8))
        return np.asarray(image)
