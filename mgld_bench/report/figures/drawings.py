"""Drawings that are made once and kept under a digest of what they are made of, several at a time by worker processes."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import write_bytes_atomic, write_json_atomic
from mgld_bench.engine.progress import Progress, stage
from mgld_bench.processes import worker_processes
from mgld_bench.threads import threads

_WORTH_A_WORKER: Final = 3
"""Drawings: a worker takes about as long to start as these to draw."""


@dataclass(frozen=True)
class Drawn:
    """What was drawn."""

    description: str
    """In words, for readers who cannot see it."""
    files: Mapping[str, bytes]
    """By ending, the one that the page shows first; none where there is nothing to show."""


@dataclass(frozen=True)
class Drawing:
    """Something to be drawn."""

    key: str
    """Digest of everything that its files depend on."""
    draw: Callable[[], Drawn]
    """Can be pickled."""


@dataclass(frozen=True)
class KeptDrawing:
    """A drawing whose files are on disk."""

    description: str
    files: Mapping[str, Path]
    """By ending."""


def keep_drawings(drawings: Sequence[Drawing], kept: Path, progress: Progress, name: str) -> list[KeptDrawing]:
    """The drawings' files below ``kept``; those that are not there yet, or not as they were drawn, are drawn first.

    Args:
        drawings: what is wanted.
        kept: where they are kept; what a kill leaves half done is done again.
        progress: where to report progress, under ``name``.
    """
    missing = {drawing.key: drawing for drawing in drawings if _found(drawing.key, kept) is None}
    if missing:
        with stage(progress, name, len(missing), "pictures"):
            for key, drawn in _drawn(list(missing.values())):
                _keep(key, drawn, kept)
                progress.advance(1)
    found = [_found(drawing.key, kept) for drawing in drawings]
    return [one for one in found if one is not None]


def _drawn(drawings: Sequence[Drawing]) -> Iterator[tuple[str, Drawn]]:
    """What each of them gives, by its key, as soon as it is there."""
    workers = min(threads(), len(drawings) // _WORTH_A_WORKER)
    if workers < 2:
        for drawing in drawings:
            yield drawing.key, drawing.draw()
        return
    with worker_processes(workers) as pool:
        futures = {pool.submit(drawing.draw): drawing.key for drawing in drawings}
        for future in as_completed(futures):
            yield futures[future], future.result()


def _keep(key: str, drawn: Drawn, kept: Path) -> None:
    digests = {ending: hashlib.sha256(content).hexdigest() for ending, content in drawn.files.items()}
    for ending, content in drawn.files.items():
        write_bytes_atomic(_place(key, kept, ending), content)
    # Last: with it, all files are there.
    write_json_atomic(_place(key, kept, "json"), {"description": drawn.description, "endings": digests})


def _found(key: str, kept: Path) -> KeptDrawing | None:
    try:
        record = json.loads(_place(key, kept, "json").read_text(encoding="utf-8"))
        files = {ending: _place(key, kept, ending) for ending in record["endings"]}
        there = {ending: hashlib.sha256(path.read_bytes()).hexdigest() for ending, path in files.items()}
        # An older record has no digests.
        whole = isinstance(record["endings"], list) or there == record["endings"]
        return KeptDrawing(str(record["description"]), files) if whole else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _place(key: str, kept: Path, ending: str) -> Path:
    # The record is hidden from whoever frees files that no report shows.
    return kept / key[:2] / (f".{key}.json" if ending == "json" else f"{key}.{ending}")
