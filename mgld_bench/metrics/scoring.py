"""The scoring pass: every clip is decoded once, for all metrics of all methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.metrics.agreement import check_agreement
from mgld_bench.metrics.frame_metric import score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Frames, Metric
from mgld_bench.metrics.prefetch import prefetched

FrameChoice = Literal["all"] | tuple[int, ...]
Scores = dict[str, dict[str, ClipScore]]
CHUNK_PIXELS = 1 << 21
"""Frames of this many pixels together make a chunk, so that memory is bounded for any frame size."""


def score_clip(
    reference: Clip | None,
    restored: Mapping[str, Clip],
    metrics: Mapping[str, Sequence[Metric]],
    frames: FrameChoice = "all",
    chunk: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    shifts: Mapping[str, tuple[float, float]] | None = None,
) -> Scores:
    """Scores by method and metric name of one clip's restored versions.

    reference: the ground truth; None where there is none. restored, metrics: by method. frames: the frame numbers (from 0) whose
    scores make up the clip's; a metric that looks at neighbouring frames, or only scores clips, is given all frames.
    chunk: frames handed over at a time (None: by their size); changes no score. progress: called with (done, total) frames.
    shifts: by method, the (rows, columns) by which its clip is declared to be shifted; others must not be shifted at all.

    Raises InputError where a clip and its ground truth disagree (agreement.py), a chosen frame does not exist, a metric cannot
    score frames of this size or needs a missing ground truth, and where a score is not a number.
    """
    if reference is None:
        return _score_alone(restored, metrics, frames, chunk, progress)
    doubts = {
        method: check_agreement(clip, reference, (shifts or {}).get(method, (0.0, 0.0))) for method, clip in restored.items()
    }
    scores = _score_pass(reference, restored, metrics, frames, chunk, progress)
    return {method: _doubted(of_method, doubts[method]) for method, of_method in scores.items()}


def _doubted(scores: dict[str, ClipScore], doubt: str | None) -> dict[str, ClipScore]:
    """The scores with the doubt about the clip's position in their notes."""
    if doubt is None:
        return scores
    return {name: replace(score, notes={**score.notes, "position": doubt}) for name, score in scores.items()}


def _score_alone(
    restored: Mapping[str, Clip],
    metrics: Mapping[str, Sequence[Metric]],
    frames: FrameChoice,
    chunk: int | None,
    progress: Callable[[int, int], None] | None,
) -> Scores:
    """Without ground truth the clips need not agree, so that each is read for itself."""
    scores: Scores = {}
    for place, (method, clip) in enumerate(restored.items()):
        steps = None if progress is None else _part(progress, place, len(restored))
        scores |= _score_pass(None, {method: clip}, metrics, frames, chunk, steps)
    return scores


def _part(progress: Callable[[int, int], None], place: int, parts: int) -> Callable[[int, int], None]:
    return lambda done, total: progress((place * total + done) // parts, total)


@dataclass(frozen=True)
class _Lane:
    """One metric on one method's clip."""

    method: str
    metric: Metric
    scorer: ClipScorer
    every_frame: bool
    """It is given every frame, not just the selected ones."""


@dataclass(frozen=True)
class _Step:
    """The same frames of all clips."""

    indices: tuple[int, ...]
    reference: Frames | None
    restored: Mapping[str, Frames]


def _score_pass(
    reference: Clip | None,
    restored: Mapping[str, Clip],
    metrics: Mapping[str, Sequence[Metric]],
    frames: FrameChoice,
    chunk: int | None,
    progress: Callable[[int, int], None] | None,
) -> Scores:
    first = next(iter(restored.values()))
    selected = _selected(first, frames)
    size = chunk or max(1, CHUNK_PIXELS // (first.height * first.width))
    with ExitStack() as stack:
        lanes = _start(restored, metrics, reference, stack)
        every_frame = any(lane.every_frame for lane in lanes)
        indices = range(first.frame_count) if every_frame else selected
        steps = stack.enter_context(prefetched(_steps(indices, size, reference, restored)))
        done = 0
        for step in steps:
            _add(step, lanes, frozenset(selected))
            done += len(step.indices)
            if progress is not None:
                progress(done, len(indices))
        scores: Scores = {method: {} for method in restored}
        for lane in lanes:
            score = _pooled(lane, lane.scorer.finish(), selected, first.frame_count)
            scores[lane.method][score.metric] = _checked(score, restored[lane.method], lane.method)
    return scores


def _selected(clip: Clip, frames: FrameChoice) -> Sequence[int]:
    if frames == "all":
        return range(clip.frame_count)
    chosen = sorted(set(frames))
    if not chosen:
        raise InputError(f"clip {clip.name}: no frames are chosen for scoring")
    missing = [index for index in chosen if not 0 <= index < clip.frame_count]
    if missing:
        listed = ", ".join(map(str, missing))
        raise InputError(f"clip {clip.name}: frame {listed} is to be scored, but it has frames 0 to {clip.frame_count - 1} only")
    return chosen


def _start(
    restored: Mapping[str, Clip], metrics: Mapping[str, Sequence[Metric]], reference: Clip | None, stack: ExitStack
) -> list[_Lane]:
    lanes = []
    for method, clip in restored.items():
        for together in _by_class(metrics[method]):
            needy = next((metric for metric in together if metric.facts.needs_reference and reference is None), None)
            if needy is not None:
                raise InputError(f"clip {clip.name}: metric {needy.facts.name} needs ground truth, and there is none")
            for metric, scorer in zip(together, type(together[0]).start_together(together, clip.facts), strict=True):
                stack.callback(scorer.close)
                every_frame = metric.facts.needs_neighbours or not metric.facts.per_frame
                lanes.append(_Lane(method, metric, scorer, every_frame))
    return lanes


def _by_class(metrics: Sequence[Metric]) -> list[list[Metric]]:
    classes = dict.fromkeys(type(metric) for metric in metrics)
    return [[metric for metric in metrics if type(metric) is kind] for kind in classes]


def _steps(
    indices: Sequence[int], size: int, reference: Clip | None, restored: Mapping[str, Clip]
) -> Generator[_Step, None, None]:
    streams = {method: _read(clip, indices) for method, clip in restored.items()}
    truth = None if reference is None else _read(reference, indices)
    for start in range(0, len(indices), size):
        wanted = tuple(indices[start : start + size])
        yield _Step(
            wanted,
            None if reference is None or truth is None else _take(truth, wanted, reference),
            {method: _take(stream, wanted, restored[method]) for method, stream in streams.items()},
        )


def _read(clip: Clip, indices: Sequence[int]) -> Iterator[Frame]:
    """The frames at ascending ``indices``, neighbours in one go."""
    for start, stop in _runs(indices):
        yield from clip.frames(start, stop)


def _runs(indices: Sequence[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for index in indices:
        if runs and runs[-1][1] == index:
            runs[-1] = (runs[-1][0], index + 1)
        else:
            runs.append((index, index + 1))
    return runs


def _take(stream: Iterator[Frame], indices: Sequence[int], clip: Clip) -> Frames:
    taken = list(islice(stream, len(indices)))
    if len(taken) < len(indices):
        raise InputError(
            f"clip {clip.name} ends before frame {indices[len(taken)]}, but has {clip.frame_count} frames by its own account"
        )
    return np.stack(taken)


def _add(step: _Step, lanes: Sequence[_Lane], selected: frozenset[int]) -> None:
    """Give the step to all scorers, as chunks that they share."""
    rows = [row for row, index in enumerate(step.indices) if index in selected]
    reference = _chunks(step.indices, step.reference, rows)
    for method, frames in step.restored.items():
        restored = _chunks(step.indices, frames, rows)
        for lane in (lane for lane in lanes if lane.method == method):
            ours, theirs = restored[lane.every_frame], reference[lane.every_frame]
            if ours is not None:
                lane.scorer.add(ours, theirs)


def _chunks(indices: Sequence[int], frames: Frames | None, rows: Sequence[int]) -> dict[bool, Chunk | None]:
    """By whether every frame is wanted: the whole chunk, and that of the selected frames (None where there are none)."""
    if frames is None:
        return {True: None, False: None}
    whole = Chunk(indices, frames)
    if len(rows) == len(indices):
        return {True: whole, False: whole}
    return {True: whole, False: Chunk([indices[row] for row in rows], frames[list(rows)]) if rows else None}


def _pooled(lane: _Lane, score: ClipScore, selected: Sequence[int], frame_count: int) -> ClipScore:
    """The score over the selected frames, which its notes then name."""
    if len(selected) == frame_count:
        return score
    chosen = ", ".join(map(str, selected))
    if score.per_frame is None:
        return replace(
            score,
            notes={**score.notes, "frames": f"the whole clip, not {chosen}: it has no score per frame"},
        )
    context = "; all were computed, as neighbours count" if lane.every_frame else ""
    notes = {name: note for name, note in score.notes.items() if name != "infinite_frames"}
    notes["frames"] = f"{chosen} of {frame_count}{context}"
    return score_of_frames(score.metric, {index: score.per_frame[index] for index in selected}, notes)


def _checked(score: ClipScore, clip: Clip, method: str) -> ClipScore:
    bad = [index for index, value in (score.per_frame or {}).items() if math.isnan(value)]
    if not bad and not math.isnan(score.value):
        return score
    where = f"frame {bad[0]}" if bad else "the clip"
    others = f" and {len(bad) - 1} more" if len(bad) > 1 else ""
    raise InputError(
        f"clip {clip.name} of {method}: {score.metric} of {where}{others} is not a number, as for a frame without any texture: "
        "leave out this metric, or choose other frames"
    )
