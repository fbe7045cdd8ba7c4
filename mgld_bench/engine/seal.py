"""A digest stored with each score, by which a score that was changed after it was stored is noticed.

It holds against mistakes, such as a query that updates too many rows, a damaged page or a merged file; whoever knows this file
can make a new one. Rows of earlier versions have none.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from mgld_bench.clips.digest import text_digest
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import ClipScore


def seal_of(unit: str, score: ClipScore) -> str:
    """The digest of the score of the unit with this key."""
    # The number of a frame is text where somebody has made it that: the digest is a different one then.
    frames = {str(frame): repr(float(value)) for frame, value in (score.per_frame or {}).items()}
    return text_digest({"unit": unit, "metric": score.metric, "value": repr(float(score.value)), "frames": frames})


def check_seal(unit: str, score: ClipScore, kept: Mapping[str, object], name: str) -> None:
    """Raise InputError where the seal that was ``kept`` under ``name`` is not that of the score."""
    if name in kept and kept[name] != seal_of(unit, score):
        raise _changed(unit, score.metric, "is not what was stored")


def require_scores(metrics: Mapping[str, str], rows: Collection[str]) -> None:
    """Raise InputError where a finished unit has no row of its score: both were added in one transaction.

    Args:
        metrics: The metric of each unit, by its key.
        rows: The keys of the units that have a row.
    """
    for unit, metric in metrics.items():
        if unit not in rows:
            raise _changed(unit, metric, "is gone")


def _changed(unit: str, metric: str, how: str) -> InputError:
    return InputError(
        f"the results database was changed after it was written: {metric} of unit {unit[:16]}… {how}; "
        "move the database away and run the same command again: restored clips stay, and are scored again"
    )
