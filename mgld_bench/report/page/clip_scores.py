"""The scores per frame of one clip, and the units behind them, for a script that is loaded when the clip is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mgld_bench.engine.origins import Made, Origin
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.restoring.record import RestoreRecord

_SIGNIFICANT = 6
"""Digits of a frame's score on the page; frames.csv has all of them."""


class Origins:
    """Numbers for origins, which many units share."""

    def __init__(self) -> None:
        self._numbers: dict[Origin, int] = {}

    def number(self, origin: Origin) -> int:
        """That of this origin."""
        return self._numbers.setdefault(origin, len(self._numbers))

    def all(self) -> list[dict[str, str]]:
        """What is known of each, by its number."""
        return [origin.parts for origin in self._numbers]


def clip_scores(data: ReportData, dataset: str, clip: str, cells: Sequence[Cell], origins: Origins) -> dict[str, Any]:
    """Everything of one clip.

    Args:
        data: what the report shows.
        dataset: the clip's dataset.
        clip: its name.
        cells: those of the dataset.
        origins: takes in where the units were made.

    Returns:
        ``frames``: the numbers of the scored frames, by metric; ``scores``: by metric and method, a value per frame;
        ``whole``: by metric and method, the clip's score with its notes; ``units``: by metric and method, the score's unit;
        ``restored``: by method, how the clip was restored; ``pair``: the key of the pair's unit.
    """
    source = next((one for one in data.pictures if (one.dataset, one.clip) == (dataset, clip)), None)
    frames = _frames(cells, clip)
    found: dict[str, Any] = {"frames": frames, "scores": {}, "whole": {}, "units": {}, "restored": {}, "pair": ""}
    for cell in cells:
        score, made = cell.scores.get(clip), cell.made.get(clip)
        if score is None:
            continue
        found["whole"].setdefault(cell.metric, {})[cell.method] = _whole(score)
        if score.per_frame:
            values = [_short(score.per_frame.get(frame)) for frame in frames[cell.metric]]
            found["scores"].setdefault(cell.metric, {})[cell.method] = values
        if made is not None:
            found["pair"] = found["pair"] or made.pair_unit
            found["units"].setdefault(cell.metric, {})[cell.method] = [
                *(made.score_unit, made.run, made.scored_at, origins.number(made.scored))
            ]
            found["restored"].setdefault(cell.method, _restored(made, _record(source, cell.method), origins))
    return found


def _frames(cells: Sequence[Cell], clip: str) -> dict[str, list[int]]:
    """By metric with scores per frame, the frames that are scored for any method."""
    found: dict[str, set[int]] = {}
    for cell in cells:
        score = cell.scores.get(clip)
        if score is not None and score.per_frame:
            found.setdefault(cell.metric, set()).update(score.per_frame)
    return {metric: sorted(frames) for metric, frames in found.items()}


def _whole(score: ClipScore) -> dict[str, Any]:
    return {"value": score.value, **({"notes": list(score.notes)} if score.notes else {}), **_facts(score.facts)}


def _facts(facts: Mapping[str, float | str]) -> dict[str, Any]:
    return {"facts": dict(facts)} if facts else {}


def _record(source: PictureSource | None, method: str) -> RestoreRecord | None:
    return source.records.get(method) if source else None


def _restored(made: Made, record: RestoreRecord | None, origins: Origins) -> dict[str, Any]:
    found: dict[str, Any] = {"unit": made.restored_unit, "at": made.restored_at, "origin": origins.number(made.restored)}
    if record is not None:
        found |= {
            "weights": record.facts.get("weights", {}),
            "seconds": _short(record.seconds_per_frame),
            "memory": record.peak_memory,
            "gpu_memory": record.peak_gpu_memory,
            "way": record.way,
            "notes": record.notes,
        }
    return found


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_SIGNIFICANT}g}")
