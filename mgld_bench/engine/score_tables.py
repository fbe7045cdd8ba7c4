"""Scores as rows of a table: one of each clip, and one of each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgld_bench.engine.score_folders import FolderScores
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import ClipScore

if TYPE_CHECKING:
    import pandas as pd

LEVELS = ("both", "clip", "frame")


def rows_of(score: ClipScore) -> list[tuple[str, int | None, float]]:
    """(metric, frame, value): the clip's score, without a frame, and then that of each frame."""
    return [
        (score.metric, None, score.value),
        *((score.metric, frame, value) for frame, value in (score.per_frame or {}).items()),
    ]


def score_table(scores: FolderScores, protocol: str) -> pd.DataFrame:
    """The rows of clips and frames: columns method, clip, metric, frame, value. ``attrs``: the protocol, directions and notes."""
    import pandas as pd

    rows = [
        (method, clip, *row)
        for clip in scores.names
        for method in scores.methods
        for result in scores.of_clip(method, clip)
        for row in rows_of(result)
    ]
    table: pd.DataFrame = pd.DataFrame(rows, columns=["method", "clip", "metric", "frame", "value"])
    table.attrs = {
        "protocol": protocol,
        "direction": {name: describe(name).direction for name in scores.metrics},
        "notes": [f"{clip}: {note}" for (_, clip, _), result in scores.scores.items() for note in result.notes],
    }
    return table


def at_level(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """The rows of clips, of frames, or both, of a table whose column ``frame`` is missing for clips."""
    table["frame"] = table["frame"].astype("Int64")
    if level == "both":
        return table
    chosen: pd.DataFrame = table[table["frame"].isna() == (level == "clip")].reset_index(drop=True)
    return chosen.drop(columns="frame") if level == "clip" else chosen
