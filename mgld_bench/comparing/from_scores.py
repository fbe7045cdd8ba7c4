"""Methods' states out of what `mgld-bench score` wrote: its JSON, or its CSV files."""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from mgld_bench.comparing.frames import NoFrames
from mgld_bench.comparing.state import RestoredClip, Scored, State
from mgld_bench.engine.origins import scoring_origin
from mgld_bench.errors import InputError

DATASET: Final = ""
"""Clips that are scored without a card belong to no dataset."""
CSV_NAME: Final = "scores.csv"
_JSON_FIELDS: Final = ("protocol", "frames", "metrics")
_NO_FRAMES: Final = NoFrames("a file of scores holds no frames: name the folder in its place")


def read_json(path: Path, shown: str) -> list[State]:
    """The methods in the output of `score --json`. Raises InputError where the file is not one."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: not the output of mgld-bench score --json: {error}") from None
    if not isinstance(content, dict) or any(name not in content for name in _JSON_FIELDS):
        raise InputError(f"{path}: not the output of mgld-bench score --json: it lacks {', '.join(_JSON_FIELDS)}")
    try:
        methods = content["methods"] if "methods" in content else {content.get("method", path.stem): content}
        return [_state(content, method, of_method["clips"], shown) for method, of_method in methods.items()]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(f"{path}: not the output of mgld-bench score --json: {error!r}") from None


def read_csv(path: Path, shown: str) -> list[State]:
    """The methods in a scores.csv. It names neither pairs nor protocol: these cannot be checked. Raises InputError as above."""
    by_method: dict[str, dict[tuple[str, str], dict[str, Scored]]] = {}
    try:
        with path.open(encoding="utf-8", newline="") as file:
            rows = csv.DictReader(file)
            missing = [name for name in ("clip", "metric", "value") if name not in (rows.fieldnames or ())]
            if missing:
                raise InputError(f"{path}: not the CSV of mgld-bench score: it has no column {missing[0]}")
            for row in rows:
                value = _number(row["value"], f"{path}:{rows.line_num}")
                # Reports write a column dataset, score does not.
                place = (row.get("dataset") or DATASET, row["metric"])
                clips = by_method.setdefault(row.get("method") or path.parent.name, {}).setdefault(place, {})
                if row["clip"] in clips:
                    raise InputError(f"{path}:{rows.line_num}: a second score of {row['clip']} by {row['metric']}")
                clips[row["clip"]] = Scored(value)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: cannot be read as CSV: {error}") from None
    if not by_method:
        raise InputError(f"{path}: holds no scores")
    return [State(method, shown, "", table, frames=_NO_FRAMES) for method, table in by_method.items()]


def _state(content: Mapping[str, Any], method: str, clips: Mapping[str, Any], shown: str) -> State:
    choice = content["frames"] if isinstance(content["frames"], str) else ", ".join(map(str, content["frames"]))
    table: dict[tuple[str, str], dict[str, Scored]] = {}
    for clip, scores in clips.items():
        for metric, score in scores.items():
            facts = content["metrics"][metric]
            where = f"{shown}: {clip}, {metric}"
            frames = _per_frame(score, where)
            value = _value(score, where)
            table.setdefault((DATASET, metric), {})[clip] = Scored(value, frames, choice, facts["revision"], facts["files"])
    truth = content.get("ground_truth", {})
    restored = {(DATASET, clip): RestoredClip(pair=truth.get(clip, "")) for clip in clips}
    origin = scoring_origin(content.get("provenance", {})).parts
    return State(method, shown, content["protocol"], table, restored, (origin,), frames=_NO_FRAMES)


def _value(score: Mapping[str, Any], where: str) -> float:
    """A score; null stands for an infinite one, with the reason beside it."""
    if score["value"] is None and str(score.get("value_is", "")).startswith("infinite"):
        return math.inf
    return _number(score["value"], where)


def _per_frame(score: Mapping[str, Any], where: str) -> dict[int, float] | None:
    """The scores of single frames; null stands for an infinite one, likewise."""
    infinite = score.get("frames_are", {})
    found = {
        int(frame): math.inf if value is None and str(infinite.get(frame, "")).startswith("infinite") else _number(value, where)
        for frame, value in (score.get("frames") or {}).items()
    }
    return found or None


def _number(value: object, where: str) -> float:
    try:
        number = float(value)  # type: ignore[arg-type]  # what is none raises
    except (TypeError, ValueError):
        raise InputError(f"{where}: the score must be a number, not {value!r}") from None
    if math.isnan(number) or number == -math.inf:
        raise InputError(f"{where}: the score is {number}, which none can be; score this clip again")
    return number
