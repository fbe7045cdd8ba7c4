"""Digests: of files, of frames and of plain values."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.clip import Frame
from mgld_bench.errors import InputError

_CHUNK = 1 << 20
_SETTLED_SECONDS = 2.0


class DigestCache:
    """sha256 of files, remembered in one JSON file by path, size and times of change: unchanged files are not read again."""

    def __init__(self, file: Path | None = None) -> None:
        """``file``: where save() keeps it; None: in memory only. A file that is missing or broken is an empty cache."""
        self._file = file
        self._known: dict[str, str] = {} if file is None else _load(file)
        self._changed = False

    def get(self, path: Path) -> str | None:
        """The sha256 (hex) of ``path`` as it is now, or None where it is not known."""
        return self._known.get(_identity(path))

    def put(self, path: Path, sha256: str) -> None:
        """Remember the sha256 of ``path``; not if it changed just now, as a second change could then go unseen."""
        if time.time() - path.stat().st_mtime > _SETTLED_SECONDS:
            self._known[_identity(path)] = sha256
            self._changed = True

    def save(self) -> None:
        """Write what is new to the cache's file."""
        if self._file is not None and self._changed:
            write_json_atomic(self._file, self._known)
            self._changed = False


def file_sha256(path: Path, cache: DigestCache | None = None) -> str:
    """sha256 (hex) of the file's bytes. Raises InputError where it cannot be read."""
    try:
        known = None if cache is None else cache.get(path)
        if known is not None:
            return known
        digest = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                digest.update(chunk)
        if cache is not None:
            cache.put(path, digest.hexdigest())
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    return digest.hexdigest()


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

    Raises ValueError for NaN and infinity and TypeError for other values that JSON lacks.
    """
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def _identity(path: Path) -> str:
    resolved = path.resolve()
    facts = resolved.stat()
    return f"{facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {resolved}"


def _load(file: Path) -> dict[str, str]:
    try:
        known = json.loads(file.read_bytes())
    except (OSError, ValueError):
        # A cache that is not there or not whole only means that files are read again.
        return {}
    return known if isinstance(known, dict) else {}
