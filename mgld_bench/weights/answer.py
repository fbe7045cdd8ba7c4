"""What a server's answer states about the file: which part of it follows, and how long the whole is (RFC 9110, ranges)."""

from __future__ import annotations

import http.client
import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"bytes (\d{1,18})-(\d{1,18})/(\d{1,18}|\*)")
_WHOLE: Final = re.compile(r"bytes \*/(\d{1,18})")


class DownloadError(Exception):
    """Why this address does not deliver the file, in a few words."""


class DifferentPartError(Exception):
    """The answer is not the part that was asked for: the file has to start over."""


@dataclass(frozen=True)
class Part:
    """The part of the file that an answer carries."""

    start: int
    end: int | None
    """The place after its last byte; None: where the answer ends."""
    total: int | None
    """Bytes of the whole file; None where the answer does not state it."""


def part_of(response: http.client.HTTPResponse, offset: int) -> Part:
    """The part that ``response`` carries, which may also be the whole file.

    Args:
        response: With its headers read.
        offset: Where the part that was asked for starts.

    Raises:
        DownloadError: It is no answer to this question, or contradicts itself.
        DifferentPartError: It is a different part of the file.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding != "identity":
        raise DownloadError(f"sends the file in an encoding that was not asked for ({encoding[:20]})")
    if response.status == http.HTTPStatus.OK:
        return Part(0, response.length, response.length)
    found = _RANGE.fullmatch(response.headers.get("Content-Range", "").strip())
    if response.status != http.HTTPStatus.PARTIAL_CONTENT or found is None:
        raise DownloadError(state_of(response.status, response.reason))
    start, end = int(found[1]), int(found[2]) + 1
    total = None if found[3] == "*" else int(found[3])
    if end <= start or (total is not None and end > total) or response.length not in (None, end - start):
        raise DownloadError("its answer contradicts itself (Content-Range)")
    if start != offset:
        raise DifferentPartError("sent a different part of the file than requested")
    return Part(start, end, total)


def whole_of(content_range: str) -> int | None:
    """The length of the whole file by the refusal of a part beyond its end; None where it does not state it."""
    found = _WHOLE.fullmatch(content_range.strip())
    return int(found[1]) if found else None


def state_of(code: int, reason: str) -> str:
    """The state of an answer in words: HTTP 404 Not Found."""
    return " ".join(f"HTTP {code} {reason}".split())[:60]
