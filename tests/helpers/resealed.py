"""Scores that a test has changed in the database, as if they had been stored like that."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from mgld_bench.engine.seal import seal_of
from mgld_bench.metrics.metric import ClipScore


def reseal(file: Path) -> None:
    """Give each score of a results database the digest of what it is now."""
    with closing(sqlite3.connect(file)) as database, database:
        rows = database.execute("SELECT unit, metric, value, notes FROM clip_scores JOIN units ON unit = key").fetchall()
        for unit, metric, value, notes in rows:
            frames = dict(database.execute("SELECT frame, value FROM frame_scores WHERE unit = ?", [unit]).fetchall())
            kept = {**json.loads(notes), "seal": seal_of(unit, ClipScore(metric, value, frames or None))}
            database.execute("UPDATE clip_scores SET notes = ? WHERE unit = ?", [json.dumps(kept), unit])
