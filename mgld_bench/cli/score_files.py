"""The scores of the score verb for programs: JSON and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.engine.keys import metric_sha256
from mgld_bench.engine.metric_choice import MetricChoice
from mgld_bench.engine.score_folders import FolderScores, ScoreRequest
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.shown_text import for_spreadsheet
from mgld_bench.statistics.intervals import Interval, PairedDifference, mean_interval, paired_difference


def as_json(
    scores: FolderScores, choice: MetricChoice, request: ScoreRequest, protocol: str, provenance: Mapping[str, object]
) -> dict[str, object]:
    """Everything that is known of the scores. One method's clips and means stand at the top, those of several in ``methods``."""
    by_method: dict[str, dict[str, object]] = {
        method: {"clips": _clips(scores, method), "means": _means(scores, method)} for method in scores.methods
    }
    result: dict[str, object] = {
        "protocol": protocol,
        "frames": request.frames if request.frames == "all" else list(request.frames),
        "shift": list(request.shift),
        **({} if request.short_side is None else {"short_side": request.short_side}),
        "ground_truth": dict(scores.references),
        "metrics": {name: _metric(describe(name)) for name in request.metrics},
    }
    if len(by_method) == 1:
        ((method, of_method),) = by_method.items()
        result |= {"method": method, **of_method}
    else:
        result |= {"methods": by_method, "differences": _differences(scores)}
    return {**result, "left_out": dict(choice.left_out), "failed": list(scores.failures), "provenance": dict(provenance)}


def write_csv(folder: Path, scores: FolderScores) -> None:
    """Write scores.csv, a line per clip and metric, and frames.csv, a line per frame.

    A name that a spreadsheet would run as a formula is preceded by an apostrophe.
    """
    clips, frames = io.StringIO(), io.StringIO()
    clip_rows, frame_rows = csv.writer(clips), csv.writer(frames)
    clip_rows.writerow(["clip", "metric", "value", "method", "note"])
    frame_rows.writerow(["clip", "metric", "frame", "value", "method", "note"])
    for method in scores.methods:
        for clip, results in scores.of_method(method).items():
            for result in results:
                facts = describe(result.metric)
                notes = [*([why_infinite(facts)] if math.isinf(result.value) else []), *result.notes]
                names = [for_spreadsheet(clip), result.metric]
                note = for_spreadsheet("; ".join(notes))
                clip_rows.writerow([*names, repr(result.value), for_spreadsheet(method), note])
                for frame, value in (result.per_frame or {}).items():
                    note = why_infinite(facts) if math.isinf(value) else ""
                    frame_rows.writerow([*names, frame, repr(value), for_spreadsheet(method), note])
    write_bytes_atomic(folder / "scores.csv", clips.getvalue().encode())
    write_bytes_atomic(folder / "frames.csv", frames.getvalue().encode())


def why_infinite(facts: MetricFacts) -> str:
    """What an infinite score means."""
    return f"infinite: {facts.infinite}" if facts.infinite else "infinite"


def mean_over_clips(results: Sequence[ClipScore]) -> float:
    """The mean; infinite where one clip's score is."""
    return math.fsum(result.value for result in results) / len(results)


def interval_over_clips(results: Sequence[ClipScore], facts: MetricFacts) -> Interval | None:
    """The 95 % interval of that mean, inside the metric's range."""
    interval = mean_interval([result.value for result in results])
    return None if interval is None else interval.within(*facts.bounds)


def difference_to_first(scores: FolderScores, method: str, metric: str) -> PairedDifference | None:
    """A method minus the first one, clip by clip."""
    ours, first = (
        {clip: scores.scores[name, clip, metric].value for clip in scores.names if (name, clip, metric) in scores.scores}
        for name in (method, scores.methods[0])
    )
    return paired_difference(ours, first)


def _metric(facts: MetricFacts) -> dict[str, object]:
    return {
        "title": facts.title,
        "direction": f"{facts.direction} is better",
        "revision": facts.revision,
        "definition": facts.definition,
        "files": metric_sha256(facts),
    }


def _clips(scores: FolderScores, method: str) -> dict[str, object]:
    return {clip: {result.metric: _score(result) for result in results} for clip, results in scores.of_method(method).items()}


def _score(result: ClipScore) -> dict[str, object]:
    facts = describe(result.metric)
    frames = result.per_frame or {}
    infinite = {frame: why_infinite(facts) for frame, value in frames.items() if math.isinf(value)}
    return {
        **_number(result.value, facts),
        "frames": {frame: None if math.isinf(value) else value for frame, value in frames.items()},
        **({"frames_are": infinite} if infinite else {}),
        "notes": dict(result.facts),
        "remarks": list(result.notes),
    }


def _number(value: float, facts: MetricFacts) -> dict[str, object]:
    """A score; JSON has no infinity: null, and why."""
    return {"value": None, "value_is": why_infinite(facts)} if math.isinf(value) else {"value": value}


def _means(scores: FolderScores, method: str) -> dict[str, object]:
    """By metric: the mean over the clips that have a score, how many these are of how many, and the 95 % interval."""
    means: dict[str, object] = {}
    for metric in scores.metrics:
        results = [scores.scores[method, clip, metric] for clip in scores.names if (method, clip, metric) in scores.scores]
        if results:
            facts = describe(metric)
            interval = interval_over_clips(results, facts)
            means[metric] = {
                **_number(mean_over_clips(results), facts),
                "clips": len(results),
                "clips_asked": len(scores.names),
                "interval95": None if interval is None else [interval.low, interval.high],
            }
    return means


def _differences(scores: FolderScores) -> dict[str, object]:
    """Each further method minus the first one, by metric: the mean over clips of the difference, and its 95 % interval."""
    found: dict[str, object] = {}
    for method in scores.methods[1:]:
        by_metric: dict[str, object] = {}
        for metric in scores.metrics:
            difference = difference_to_first(scores, method, metric)
            if difference is not None:
                interval = difference.interval
                by_metric[metric] = {
                    "value": difference.mean,
                    "clips": difference.count,
                    "interval95": None if interval is None else [interval.low, interval.high],
                }
        found[method] = by_metric
    return {"first": scores.methods[0], "minus_first": found}
