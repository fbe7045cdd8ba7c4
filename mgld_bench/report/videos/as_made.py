"""Whether kept files are still as they were made: reports have second names of them, by which they may be edited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.digest import file_sha256
from mgld_bench.plain_data import PlainData

RECORD: Final = ".sha256.json"
"""Beside the kept files: what is known of each, by its name."""


class _Made(PlainData):
    sha256: str
    size: int
    modified_ns: int


_RECORDS: Final = TypeAdapter(dict[str, _Made])


def remove_changed(places: Sequence[Path], kept: Path) -> list[Path]:
    """Delete those whose bytes are no longer as recorded, so that they are made again, and return them.

    A file is only read where its size or time differs from the record. What no record knows is taken as it is.
    """
    records, changed = _load(kept), []
    for place in places:
        if place.name in records and place.is_file() and not _is_as_made(place, records[place.name]):
            place.unlink()
            changed.append(place)
    return changed


def record_made(places: Sequence[Path], kept: Path) -> None:
    """Record the files as they are now; what is there no more is forgotten."""
    before = _load(kept)
    records = {name: made for name, made in before.items() if (kept / name[:2] / name).is_file()}
    for place in places:
        if place.name not in records or not _is_untouched(place, records[place.name]):
            found = place.stat()
            records[place.name] = _Made(sha256=file_sha256(place), size=found.st_size, modified_ns=found.st_mtime_ns)
    if records != before:
        write_json_atomic(kept / RECORD, {name: made.model_dump() for name, made in records.items()})


def _is_as_made(place: Path, made: _Made) -> bool:
    return _is_untouched(place, made) or file_sha256(place) == made.sha256


def _is_untouched(place: Path, made: _Made) -> bool:
    found = place.stat()
    return (found.st_size, found.st_mtime_ns) == (made.size, made.modified_ns)


def _load(kept: Path) -> dict[str, _Made]:
    try:
        return _RECORDS.validate_json((kept / RECORD).read_bytes())
    except (FileNotFoundError, ValidationError):
        return {}
