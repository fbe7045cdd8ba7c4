"""Scores as rows of a table: one of each clip, and one of each frame."""

from __future__ import annotations

from typing import TYPE_CHECKING

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


def at_level(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """The rows of clips, of frames, or both, of a table whose column ``frame`` is missing for clips."""
    table["frame"] = table["frame"].astype("Int64")
    if level == "both":
        return table
    chosen: pd.DataFrame = table[table["frame"].isna() == (level == "clip")].reset_index(drop=True)
    return chosen.drop(columns="frame") if level == "clip" else chosen
