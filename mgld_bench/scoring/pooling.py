"""From a scorer's result to the score that is kept: the frames that count, and what is no score at all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.frame_metric import infinite_note, score_of_frames
from mgld_bench.metrics.metric import ClipScore, MetricFacts


def pooled(score: ClipScore, selected: Sequence[int], clip: ClipFacts, every_frame: bool) -> ClipScore:
    """The score over the ``selected`` frames, which its facts then name.

    every_frame: the metric was given all frames, whichever are selected. Raises InputError where none of them has a score, as
    frame 0 of a metric that compares each frame with the one before.
    """
    if len(selected) == clip.frame_count:
        return score
    chosen = ", ".join(map(str, selected))
    if score.per_frame is None:
        return replace(
            score,
            facts={**score.facts, "frames": f"the whole clip, not {chosen}: it has no score per frame"},
        )
    values = {index: score.per_frame[index] for index in selected if index in score.per_frame}
    if not values:
        raise InputError(f"clip {clip.name}: {score.metric} has no score for frame {chosen}: choose others")
    context = "; all were computed, as neighbours count" if every_frame else ""
    without = ", ".join(str(index) for index in selected if index not in values)
    # Which frames are infinite is found again, among the selected ones.
    infinite = infinite_note(score.metric, [index for index, value in score.per_frame.items() if math.isinf(value)])
    notes = [note for note in score.notes if note != infinite]
    facts = {name: fact for name, fact in score.facts.items() if name not in ("infinite_frames", "infinite_at")}
    facts["frames"] = f"{chosen} of {clip.frame_count}{context}{f'; {without} has no score' if without else ''}"
    return score_of_frames(score.metric, values, facts, notes)


def checked(score: ClipScore, facts: MetricFacts, clip: str, method: str) -> ClipScore:
    """The score; raises InputError, naming clip and frames, where it is not a number, or infinite where that has no meaning."""
    frames = score.per_frame or {}
    nan = [index for index, value in frames.items() if math.isnan(value)]
    if nan or math.isnan(score.value):
        why = "not a number, as for a frame without any texture"
        raise InputError(_complaint(score, clip, method, nan, why))
    infinite = [index for index, value in frames.items() if math.isinf(value)]
    if not facts.infinite and (infinite or math.isinf(score.value)):
        raise InputError(_complaint(score, clip, method, infinite, "infinite"))
    return score


def _complaint(score: ClipScore, clip: str, method: str, frames: Sequence[int], why: str) -> str:
    where = f"frame {frames[0]}" if frames else "the clip"
    others = f" and {len(frames) - 1} more" if len(frames) > 1 else ""
    return f"clip {clip} of {method}: {score.metric} of {where}{others} is {why}: leave out this metric, or choose other frames"
