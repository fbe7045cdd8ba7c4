"""The scoring pass: every clip is decoded once, for all metrics of all methods."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Literal

from mgld_bench.clips.clip import Clip, ClipFacts, FramesDone
from mgld_bench.clips.handling import handling
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.memory import is_out_of_memory, memory_budget_now
from mgld_bench.metrics.frame_metric import infinite_note, score_of_frames
from mgld_bench.metrics.metric import ClipScore, ClipScorer, Metric, MetricFacts
from mgld_bench.scoring.agreement import check_agreement
from mgld_bench.scoring.chunk_size import NotEnoughMemoryError, chunk_size, in_smaller_chunks, keep_freed_memory
from mgld_bench.scoring.steps import Chunks, Step, prefetched, read_steps
from mgld_bench.threads import side_by_side

FrameChoice = Literal["all"] | tuple[int, ...]
Scores = dict[str, dict[str, ClipScore]]
"""By method and by the name of the metric."""
Failures = dict[tuple[str, str], InputError]
"""Why there is no score, by method and by the name of the metric."""


def score_clip(
    reference: Clip | None,
    restored: Mapping[str, Clip],
    metrics: Mapping[str, Sequence[Metric]],
    frames: FrameChoice = "all",
    chunk: int | None = None,
    progress: FramesDone | None = None,
    shifts: Mapping[str, tuple[float, float]] | None = None,
    device: str = "cpu",
    log: Callable[[str], None] | None = None,
    failures: Failures | None = None,
) -> Scores:
    """Score the restored versions of one clip.

    Args:
        reference: The ground truth; None where there is none.
        restored: The restored clips, by method.
        metrics: The metrics that score them, by method.
        frames: The frames, by number from 0, whose scores make up the clip's. A metric that looks at neighbouring frames, or that
            only scores whole clips, is given every frame all the same.
        chunk: Frames scored at a time; None: as many as the free memory of ``device`` allows. It changes no score.
        progress: Called as the pass advances.
        shifts: By method, the (rows, columns) by which its clip is declared to be shifted; any other shift is an error.
        device: The torch device on which the metrics compute.
        log: Called with a line where memory was not enough and the pass is repeated with smaller chunks.
        failures: Where given, a method or a metric without a score does not end the pass for the rest: its error is put here.

    Returns:
        The scores by method and metric.

    Raises:
        InputError: A clip does not agree with its ground truth (see agreement.py), a chosen frame does not exist, a metric cannot
            score frames of this size or lacks the ground truth, a score is not a number, or memory is not enough.
    """
    keep_freed_memory()
    work = _Work(metrics, frames, chunk, device, log or _discard, failures)
    if reference is None:
        return _score_alone(restored, work, progress)
    warnings: dict[str, str | None] = {}
    for method, clip in restored.items():
        with work.failing(method, metrics[method]):
            warnings[method] = check_agreement(clip, reference, (shifts or {}).get(method, (0.0, 0.0)))
    agreeing = {method: restored[method] for method in warnings}
    scores = _score_or_split(reference, agreeing, work, progress) if agreeing else {}
    of_clips = {method: _with_handling(of_method, reference, restored[method]) for method, of_method in scores.items()}
    return {method: _with_warning(of_method, warnings[method]) for method, of_method in of_clips.items()}


@dataclass(frozen=True)
class _Work:
    """What is asked for, whichever the clips."""

    metrics: Mapping[str, Sequence[Metric]]
    frames: FrameChoice
    chunk: int | None
    device: str
    log: Callable[[str], None]
    failures: Failures | None
    """None: the first failure ends everything."""

    @contextmanager
    def failing(self, method: str, metrics: Sequence[Metric]) -> Iterator[None]:
        """A block whose error, other than too little memory, is the failure of these metrics of a method."""
        try:
            yield
        except broken() as error:
            if is_out_of_memory(error):
                raise
            failure = contained(error, f"metric {metrics[0].facts.name}" if len(metrics) == 1 else "")
            if self.failures is None:
                raise failure from error
            self.failures.update({(method, metric.facts.name): failure for metric in metrics})


def _discard(_line: str) -> None:
    """A log that nobody reads."""


def _with_warning(scores: dict[str, ClipScore], warning: str | None) -> dict[str, ClipScore]:
    """The scores with the warning about the clip's position in their notes and facts."""
    if warning is None:
        return scores
    return {
        name: replace(score, notes=(warning, *score.notes), facts={**score.facts, "position": warning})
        for name, score in scores.items()
    }


def _with_handling(scores: dict[str, ClipScore], reference: Clip | None, restored: Clip) -> dict[str, ClipScore]:
    """The scores with what was done to the samples of both clips in their notes and facts."""
    clips = {"ground truth": reference, "restored clip": restored}
    lines = {what: handling(clip.facts) for what, clip in clips.items() if clip is not None}
    notes = tuple(f"{what}: {line}" for what, of_clip in lines.items() for line in of_clip)
    facts = {what.replace(" ", "_"): "; ".join(of_clip) for what, of_clip in lines.items() if of_clip}
    if not notes:
        return scores
    return {name: replace(score, notes=(*score.notes, *notes), facts={**score.facts, **facts}) for name, score in scores.items()}


def _score_alone(restored: Mapping[str, Clip], work: _Work, progress: FramesDone | None) -> Scores:
    """Without ground truth the clips need not agree, so that each is read by itself."""
    scores: Scores = {}
    for place, (method, clip) in enumerate(restored.items()):
        steps = None if progress is None else _part(progress, place, len(restored))
        alone = _score_or_split(None, {method: clip}, work, steps)
        scores |= {method: _with_handling(of_method, None, clip) for method, of_method in alone.items()}
    return scores


def _part(progress: FramesDone, place: int, parts: int) -> FramesDone:
    return lambda done, total: progress((place * total + done) // parts, total)


def _score_or_split(reference: Clip | None, restored: Mapping[str, Clip], work: _Work, progress: FramesDone | None) -> Scores:
    """The pass; where it fails as a whole, and failures are collected, of each method by itself."""
    steps = None if progress is None else _forward_only(progress)
    try:
        return _score_in_chunks(reference, restored, work, steps)
    except InputError as error:
        if work.failures is None:
            raise
        scores: Scores = {}
        if len(restored) > 1:
            for method, clip in restored.items():
                scores |= _score_or_split(reference, {method: clip}, work, steps)
            return scores
        ((method, clip),) = restored.items()
        metrics = work.metrics[method]
        if not isinstance(error, NotEnoughMemoryError) or len(metrics) < 2:
            work.failures.update({(method, metric.facts.name): error for metric in metrics})
            return scores
        for metric in metrics:
            alone = replace(work, metrics={method: [metric]})
            for name, of_method in _score_or_split(reference, restored, alone, steps).items():
                scores.setdefault(name, {}).update(of_method)
        return scores


def _score_in_chunks(reference: Clip | None, restored: Mapping[str, Clip], work: _Work, progress: FramesDone | None) -> Scores:
    """The pass, with chunks that fit the memory."""
    first = next(iter(restored.values()))
    every_metric = [metric for method in restored for metric in work.metrics[method]]
    size = work.chunk or chunk_size(first.facts, every_metric, work.device, memory_budget_now(work.device))
    return in_smaller_chunks(lambda size: _score_pass(reference, restored, work, size, progress), size, first.name, work.log)


def _forward_only(progress: FramesDone) -> FramesDone:
    """``progress`` without what a repeated pass has reported before."""
    furthest = 0

    def report(done: int, total: int) -> None:
        nonlocal furthest
        if done > furthest:
            furthest = done
            progress(done, total)

    return report


@dataclass(frozen=True)
class _Lane:
    """One metric on one method's clip."""

    method: str
    metric: Metric
    scorer: ClipScorer
    every_frame: bool
    """It is given every frame, not just the selected ones."""


def _score_pass(
    reference: Clip | None, restored: Mapping[str, Clip], work: _Work, size: int, progress: FramesDone | None
) -> Scores:
    first = next(iter(restored.values()))
    selected = selected_frames(first.facts, work.frames)
    with ExitStack() as stack:
        # A metric that runs a program of its own does so for each method.
        stack.enter_context(side_by_side(len(restored)))
        lanes = _start(restored, work, reference, stack)
        if not lanes:
            return {}
        every_frame = any(lane.every_frame for lane in lanes)
        indices = range(first.frame_count) if every_frame else selected
        steps = stack.enter_context(prefetched(read_steps(indices, size, reference, restored)))
        truth, ours = Chunks(selected), {method: Chunks(selected, work.metrics[method]) for method in restored}
        done = 0
        for step in steps:
            lanes = _add(step, lanes, truth, ours, work)
            if not lanes:
                return {}
            done += len(step.indices)
            if progress is not None:
                progress(done, len(indices))
        scores: Scores = {method: {} for method in restored}
        for lane in lanes:
            with work.failing(lane.method, [lane.metric]):
                score = _pooled(lane.scorer.finish(), selected, first.facts, lane.every_frame)
                scores[lane.method][score.metric] = _checked(score, lane.metric.facts, first.name, lane.method)
    return scores


def selected_frames(clip: ClipFacts, frames: FrameChoice) -> Sequence[int]:
    """The chosen frames of a clip, ascending. Raises InputError where one does not exist, or none is chosen."""
    if frames == "all":
        return range(clip.frame_count)
    chosen = sorted(set(frames))
    if not chosen:
        raise InputError(f"clip {clip.name}: no frames are chosen for scoring")
    missing = [index for index in chosen if not 0 <= index < clip.frame_count]
    if missing:
        listed = ", ".join(map(str, missing))
        raise InputError(f"clip {clip.name}: frame {listed} cannot be scored: the clip has frames 0 to {clip.frame_count - 1}")
    return chosen


def needs_every_frame(metric: MetricFacts) -> bool:
    """Whether a metric is given every frame of a clip, whichever are chosen."""
    return metric.needs_neighbours or not metric.per_frame


def _start(restored: Mapping[str, Clip], work: _Work, reference: Clip | None, stack: ExitStack) -> list[_Lane]:
    lanes = []
    for method, clip in restored.items():
        for metric in work.metrics[method]:
            with work.failing(method, [metric]):
                if metric.facts.needs_reference and reference is None:
                    raise InputError(f"clip {clip.name}: metric {metric.facts.name} needs ground truth, and there is none")
                scorer = metric.start(clip.facts)
                stack.callback(scorer.close)
                lanes.append(_Lane(method, metric, scorer, needs_every_frame(metric.facts)))
    return lanes


def _add(step: Step, lanes: Sequence[_Lane], truth: Chunks, ours: Mapping[str, Chunks], work: _Work) -> list[_Lane]:
    """Give the step to all scorers, as chunks that they share; returns the lanes that have not failed."""
    going: list[_Lane] = []
    reference = truth.next(step.indices, step.reference)
    for method, frames in step.restored.items():
        restored = ours[method].next(step.indices, frames)
        for lane in (lane for lane in lanes if lane.method == method):
            chunk, theirs = restored[lane.every_frame], reference[lane.every_frame]
            with work.failing(method, [lane.metric]):
                if chunk is not None:
                    lane.scorer.add(chunk, theirs)
                going.append(lane)
    return going


def _pooled(score: ClipScore, selected: Sequence[int], clip: ClipFacts, every_frame: bool) -> ClipScore:
    """The score over the ``selected`` frames, which its facts then name.

    Raises InputError where none of these frames has a score, as frame 0 of a metric that compares each frame with the one before.
    """
    if len(selected) == clip.frame_count:
        return score
    chosen = ", ".join(map(str, selected))
    if score.per_frame is None:
        return replace(score, facts={**score.facts, "frames": f"the whole clip, not {chosen}: it has no score per frame"})
    values = {index: score.per_frame[index] for index in selected if index in score.per_frame}
    if not values:
        raise InputError(f"clip {clip.name}: {score.metric} has no score for frame {chosen}: choose different frames")
    context = "; all were computed, as neighbours count" if every_frame else ""
    without = ", ".join(str(index) for index in selected if index not in values)
    # Which frames are infinite is found again, among the selected ones.
    infinite = infinite_note(score.metric, [index for index, value in score.per_frame.items() if math.isinf(value)])
    notes = [note for note in score.notes if note != infinite]
    facts = {name: fact for name, fact in score.facts.items() if name not in ("infinite_frames", "infinite_at")}
    facts["frames"] = f"{chosen} of {clip.frame_count}{context}{f'; {without} has no score' if without else ''}"
    return score_of_frames(score.metric, values, facts, notes)


def _checked(score: ClipScore, facts: MetricFacts, clip: str, method: str) -> ClipScore:
    """The score; raises InputError where it is not a number, or infinite although that has no meaning for the metric."""
    frames = score.per_frame or {}
    nan = [index for index, value in frames.items() if math.isnan(value)]
    if nan or math.isnan(score.value):
        raise _no_score(score, clip, method, nan, "not a number, as for a frame without any texture")
    infinite = [index for index, value in frames.items() if math.isinf(value)]
    if not facts.infinite and (infinite or math.isinf(score.value)):
        raise _no_score(score, clip, method, infinite, "infinite")
    return score


def _no_score(score: ClipScore, clip: str, method: str, frames: Sequence[int], what: str) -> InputError:
    where = f"frame {frames[0]}" if frames else "the clip"
    more = f" and {len(frames) - 1} more" if len(frames) > 1 else ""
    whose = "" if method == clip else f" of {method}"
    return InputError(
        f"clip {clip}{whose}: {score.metric} of {where}{more} is {what}: leave out this metric, or choose different frames"
    )
