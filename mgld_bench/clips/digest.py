"""Digests: of files, of frames and of plain values."""

from __future__ import annotations

import hashlib
import json
import math
import time
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from pydantic import BaseModel, TypeAdapter, ValidationError

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.naming import printable
from mgld_bench.clips.regular import require_regular
from mgld_bench.errors import InputError

_CHUNK = 1 << 20
_SETTLED_SECONDS = 2.0


class _Remembered(BaseModel):
    state: tuple[int, int, int]
    """Size, st_mtime_ns, st_ctime_ns."""
    sha256: str


_CONTENT = TypeAdapter(dict[str, _Remembered])


class DigestCache:
    """sha256 of files, cached in one JSON file by path, size and modification times: unchanged files are not read again."""

    def __init__(self, file: Path | None = None) -> None:
        """``file``: where `save` writes the cache; None: in memory only. A missing or damaged file is an empty cache."""
        self._file = file
        self._known: dict[str, _Remembered] = {} if file is None else _load(file)
        self._changed = False
        self._saved_at = -math.inf

    def sha256(self, path: Path) -> str:
        """sha256 (hex) of the file's bytes. Raises OSError where it cannot be read."""
        resolved = path.resolve()
        facts = resolved.stat()
        state = (facts.st_size, facts.st_mtime_ns, facts.st_ctime_ns)
        # Bytes that are no text cannot stand in JSON.
        place = printable(str(resolved))
        remembered = self._known.get(place)
        if remembered is not None and remembered.state == state:
            return remembered.sha256
        sha256 = _read_sha256(resolved)
        # A file that has just changed may change again within the clock's resolution, which its state would not show.
        if time.time() - max(facts.st_mtime, facts.st_ctime) > _SETTLED_SECONDS:
            self._known[place] = _Remembered(state=state, sha256=sha256)
            self._changed = True
        return sha256

    def save(self, at_most_every: float = 0.0) -> None:
        """Write the cache to its file if anything is new. Raises InputError where that is not possible.

        ``at_most_every``: not within so many seconds of the last time, because the whole file is written each time.
        """
        now = time.monotonic()
        if self._file is not None and self._changed and now - self._saved_at >= at_most_every:
            self._saved_at = now
            write_json_atomic(self._file, {path: entry.model_dump() for path, entry in self._known.items()})
            self._changed = False


def file_sha256(path: Path, cache: DigestCache | None = None) -> str:
    """sha256 (hex) of the file's bytes. Raises InputError where it cannot be read."""
    try:
        return _read_sha256(path) if cache is None else cache.sha256(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def frames_sha256(frames: Iterable[Frame]) -> list[str]:
    """sha256 (hex) of each frame's (H, W, 3) uint8 RGB bytes."""
    return [hashlib.sha256(np.ascontiguousarray(frame).data).hexdigest() for frame in frames]


def stack_sha256(frames: Iterable[Frame]) -> str:
    """sha256 (hex) of the (T, H, W, 3) uint8 RGB bytes of all frames."""
    digest = hashlib.sha256()
    for frame in frames:
        digest.update(np.ascontiguousarray(frame).data)
    return digest.hexdigest()


def text_digest(value: object) -> str:
    """sha256 (hex) of ``value`` as canonical JSON: sorted keys, no spaces, UTF-8.

    Raises:
        ValueError: ``value`` contains NaN or infinity.
        TypeError: ``value`` contains something else that JSON cannot represent.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


CONVERSION_REVISION = 2
"""Of how stored samples become frames. Part of the digest only of clips that revision 1 read differently: those that are turned
upright, and untagged video that is not BT.601 of limited range. The keys of all others are those of revision 1."""


def read_with(content: str, conversion: Mapping[str, object]) -> str:
    """The digest of stored content that is read in a way that revision 1 did not have.

    Args:
        content: sha256 (hex) of the files.
        conversion: What is done that revision 1 did not do; empty: nothing, and the digest is ``content``.
    """
    if not conversion:
        return content
    return text_digest({"content": content, "conversion": dict(conversion), "revision": CONVERSION_REVISION})


def _read_sha256(path: Path) -> str:
    require_regular(path)
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def _load(file: Path) -> dict[str, _Remembered]:
    try:
        return _CONTENT.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        # A missing or damaged cache only means that files are read again.
        return {}
