"""The scoring pass: every clip is decoded once, for all metrics of all methods."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import islice
from typing import Literal

import numpy as np

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Frames, Metric, SharedWork
from mgld_bench.scoring.agreement import check_agreement
from mgld_bench.scoring.chunk_size import chunk_size, in_smaller_chunks
from mgld_bench.scoring.kept_memory import keep_freed_memory
from mgld_bench.scoring.pooling import checked, pooled
from mgld_bench.scoring.prefetch import prefetched

FrameChoice = Literal["all"] | tuple[int, ...]
Scores = dict[str, dict[str, ClipScore]]


def score_clip(
    reference: Clip | None,
    restored: Mapping[str, Clip],
    metrics: Mapping[str, Sequence[Metric]],
    frames: FrameChoice = "all",
    chunk: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    shifts: Mapping[str, tuple[float, float]] | None = None,
    device: str = "cpu",
    say: Callable[[str], None] | None = None,
) -> Scores:
    """Scores by method and metric name of one clip's restored versions.

    reference: the ground truth; None where there is none. restored, metrics: by method. frames: the frame numbers (from 0) whose
    scores make up the clip's; a metric that looks at neighbouring frames, or only scores clips, is given all frames.
    chunk: frames handed over at a time (None: by the memory that is free on ``device``, where the metrics compute); changes no
    score. progress: called with (done, total) frames. say: told where memory was not enough and smaller chunks are tried.
    shifts: by method, the (rows, columns) by which its clip is declared to be shifted; others must not be shifted at all.

    Raises InputError where a clip and its ground truth disagree (agreement.py), a chosen frame does not exist, a metric cannot
    score frames of this size or needs a missing ground truth, where a score is not a number, and where memory is not enough.
    """
    keep_freed_memory()
    work = _Work(metrics, frames, chunk, device, say or _nobody)
    if reference is None:
        return _score_alone(restored, work, progress)
    warnings = {
        method: check_agreement(clip, reference, (shifts or {}).get(method, (0.0, 0.0))) for method, clip in restored.items()
    }
    scores = _score_in_chunks(reference, restored, work, progress)
    return {method: _with_warning(of_method, warnings[method]) for method, of_method in scores.items()}


@dataclass(frozen=True)
class _Work:
    """What is asked for, whichever the clips."""

    metrics: Mapping[str, Sequence[Metric]]
    frames: FrameChoice
    chunk: int | None
    device: str
    say: Callable[[str], None]


def _nobody(_line: str) -> None:
    """Hears what is said and forgets it."""


def _with_warning(scores: dict[str, ClipScore], warning: str | None) -> dict[str, ClipScore]:
    """The scores with the warning about the clip's position in their notes and facts."""
    if warning is None:
        return scores
    return {
        name: replace(score, notes=(warning, *score.notes), facts={**score.facts, "position": warning})
        for name, score in scores.items()
    }


def _score_alone(restored: Mapping[str, Clip], work: _Work, progress: Callable[[int, int], None] | None) -> Scores:
    """Without ground truth the clips need not agree, so that each is read for itself."""
    scores: Scores = {}
    for place, (method, clip) in enumerate(restored.items()):
        steps = None if progress is None else _part(progress, place, len(restored))
        scores |= _score_in_chunks(None, {method: clip}, work, steps)
    return scores


def _part(progress: Callable[[int, int], None], place: int, parts: int) -> Callable[[int, int], None]:
    return lambda done, total: progress((place * total + done) // parts, total)


def _score_in_chunks(
    reference: Clip | None, restored: Mapping[str, Clip], work: _Work, progress: Callable[[int, int], None] | None
) -> Scores:
    """The pass, with chunks that fit the memory."""
    first = next(iter(restored.values()))
    every_metric = [metric for method in restored for metric in work.metrics[method]]
    size = work.chunk or chunk_size(first.facts, every_metric, work.device)
    steps = None if progress is None else _forward_only(progress)
    return in_smaller_chunks(lambda size: _score_pass(reference, restored, work, size, steps), size, first.name, work.say)


def _forward_only(progress: Callable[[int, int], None]) -> Callable[[int, int], None]:
    """``progress`` without what a pass that is done again has already told."""
    furthest = 0

    def tell(done: int, total: int) -> None:
        nonlocal furthest
        if done > furthest:
            furthest = done
            progress(done, total)

    return tell


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
    work: _Work,
    size: int,
    progress: Callable[[int, int], None] | None,
) -> Scores:
    first = next(iter(restored.values()))
    selected = _selected(first, work.frames)
    with ExitStack() as stack:
        lanes = _start(restored, work.metrics, reference, stack)
        every_frame = any(lane.every_frame for lane in lanes)
        indices = range(first.frame_count) if every_frame else selected
        steps = stack.enter_context(prefetched(_steps(indices, size, reference, restored)))
        truth, ours = _Chunks(selected), {method: _Chunks(selected, work.metrics[method]) for method in restored}
        done = 0
        for step in steps:
            _add(step, lanes, truth, ours)
            done += len(step.indices)
            if progress is not None:
                progress(done, len(indices))
        scores: Scores = {method: {} for method in restored}
        for lane in lanes:
            score = pooled(lane.scorer.finish(), selected, first.facts, lane.every_frame)
            scores[lane.method][score.metric] = checked(score, lane.metric.facts, first.name, lane.method)
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
        for metric in metrics[method]:
            if metric.facts.needs_reference and reference is None:
                raise InputError(f"clip {clip.name}: metric {metric.facts.name} needs ground truth, and there is none")
            scorer = metric.start(clip.facts)
            stack.callback(scorer.close)
            every_frame = metric.facts.needs_neighbours or not metric.facts.per_frame
            lanes.append(_Lane(method, metric, scorer, every_frame))
    return lanes


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


def _add(step: _Step, lanes: Sequence[_Lane], truth: _Chunks, ours: Mapping[str, _Chunks]) -> None:
    """Give the step to all scorers, as chunks that they share."""
    reference = truth.next(step.indices, step.reference)
    for method, frames in step.restored.items():
        restored = ours[method].next(step.indices, frames)
        for lane in (lane for lane in lanes if lane.method == method):
            chunk, theirs = restored[lane.every_frame], reference[lane.every_frame]
            if chunk is not None:
                lane.scorer.add(chunk, theirs)


class _Chunks:
    """Makes the chunks of one clip, which know the frame before and what is kept of the clip."""

    def __init__(self, selected: Sequence[int], metrics: Sequence[Metric] = ()) -> None:
        self._selected = frozenset(selected)
        self._clip = SharedWork(metrics)
        self._last: tuple[int, Frame] | None = None

    def next(self, indices: Sequence[int], frames: Frames | None) -> dict[bool, Chunk | None]:
        """By whether every frame is wanted: the whole chunk, and that of the selected frames (None where there are none)."""
        if frames is None:
            return {True: None, False: None}
        previous = self._last[1] if self._last is not None and self._last[0] == indices[0] - 1 else None
        self._last = (indices[-1], frames[-1])
        whole = Chunk(indices, frames, previous, self._clip)
        rows = [row for row, index in enumerate(indices) if index in self._selected]
        if len(rows) == len(indices):
            return {True: whole, False: whole}
        return {True: whole, False: Chunk([indices[row] for row in rows], frames[rows]) if rows else None}
