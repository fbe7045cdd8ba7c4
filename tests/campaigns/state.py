"""What a trial has left behind, in a form in which two trials can be compared: everything but times and facts of the machine."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import sqlite3
import tempfile
from pathlib import Path
from typing import Final

from tests.helpers.run_state import MEASURED

_TABLES: Final = {
    "units": "SELECT key, kind, dataset, clip, method, metric, protocol, frames FROM units ORDER BY key",
    "clip_scores": "SELECT unit, value, notes FROM clip_scores ORDER BY unit",
    "frame_scores": "SELECT unit, frame, value FROM frame_scores ORDER BY unit, frame",
    "nights": "SELECT suite, method, sha256, name, kind, verdict FROM nights ORDER BY id",
}
_CACHES: Final = frozenset({".lock", ".digests.json", ".sha256.json", "scored-clips.json", "calibration.json"})
_DATED: Final = re.compile(r"/\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ(-\d+)?(/|$)")
LEFT_OVER: Final = re.compile(r"\.(tmp|link|partial|unfinished)(/|$)|-journal$")
"""Names of what nothing should leave behind once the work is done."""


def state(folder: Path) -> dict[str, str]:
    """By the name of each file below ``folder``: a digest of its content, or of what of it does not depend on when it was made.

    Of reports, the newest stands for all. Caches of digests, which forget what has just been written, are left out.
    """
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir() or path.name in _CACHES or "/.digests" in f"/{name}":
            continue
        if _DATED.search(f"/{name}"):
            continue
        found[name] = _content(path)
    for latest in folder.glob("workspace/reports/*/latest/"):
        found |= {f"{latest.parent.name}/{name}": content for name, content in state(latest.resolve()).items()}
    return found


def _content(path: Path) -> str:
    if path.suffix == ".sqlite":
        text = json.dumps(database(path))
    elif path.suffix == ".json":
        content = json.loads(path.read_text(encoding="utf-8"))
        text = json.dumps(_without_measured(content), sort_keys=True)
    else:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    return hashlib.sha256(text.encode()).hexdigest()


def database(file: Path) -> dict[str, list[tuple[object, ...]]]:
    """The rows of a results database, without numbers of runs, times and measured facts."""
    with tempfile.TemporaryDirectory() as folder:
        # A copy: reading rolls back a transaction that was not finished, which is the next trial's to do.
        for path in file.parent.glob(f"{file.name}*"):
            shutil.copy(path, folder)
        connection = sqlite3.connect(Path(folder, file.name))
        try:
            there = {str(row[0]) for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            return {name: connection.execute(query).fetchall() for name, query in _TABLES.items() if name in there}
        finally:
            connection.close()


def _without_measured(content: object) -> object:
    if not isinstance(content, dict):
        return content
    return {name: _without_measured(value) for name, value in content.items() if name not in MEASURED}
