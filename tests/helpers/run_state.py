"""What a run has left behind, in a form in which two runs can be compared: everything but times and machine facts."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

MEASURED = {"made_on", "seconds", "peak_memory", "peak_gpu_memory", "device", "versions", "machine", "finished_at"}
"""Fields of side files that differ between two runs of the same work."""


def database(workspace: Path, url: str = "") -> dict[str, list[Any]]:
    """The rows of the results database, without run numbers, times and measured facts; ``url``: not that of the workspace."""
    queries = {
        "units": "SELECT key, kind, dataset, clip, method, metric, protocol, frames FROM units ORDER BY key",
        "clip_scores": "SELECT unit, value, notes FROM clip_scores ORDER BY unit",
        "frame_scores": "SELECT unit, frame, value FROM frame_scores ORDER BY unit, frame",
    }
    if not url:
        with closing(sqlite3.connect(workspace / "results.sqlite")) as connection, connection:
            rows = {name: connection.execute(query).fetchall() for name, query in queries.items()}
        rows["clip_scores"] = [(unit, value, json.loads(notes)) for unit, value, notes in rows["clip_scores"]]
        return rows
    import psycopg

    with psycopg.connect(url) as server:
        return {name: server.execute(query).fetchall() for name, query in queries.items()}


def files(workspace: Path) -> dict[str, object]:
    """Every file of pairs and restored clips: frames and streams by sha256, side files by their content."""
    found: dict[str, object] = {}
    for top in ("pairs", "restored"):
        for path in sorted((workspace / top).rglob("*")):
            if path.is_file() and not path.name.startswith(".digests"):
                name = str(path.relative_to(workspace))
                found[name] = _content(path)
    return found


def side_file(path: Path) -> dict[str, object]:
    """A side file's content without what is measured."""
    return {name: value for name, value in json.loads(path.read_text()).items() if name not in MEASURED}


def _content(path: Path) -> object:
    if path.suffix == ".json":
        return side_file(path)
    return hashlib.sha256(path.read_bytes()).hexdigest()
