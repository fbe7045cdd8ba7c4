"""Scoring folders or videos that no card knows, the everyday use: checked first, kept at once, in spite of failures."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.resized import scaled_shift
from mgld_bench.engine.clip_choice import ClipChoice, ScoredClip, resized_choice
from mgld_bench.engine.kept_scores import KeptScores, clip_content, folder_score_key
from mgld_bench.engine.keys import metric_sha256
from mgld_bench.engine.progress import Progress, stage, steps
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.metrics.catalogue import describe, load_metric
from mgld_bench.metrics.metric import ClipScore, Metric
from mgld_bench.scoring.agreement import check_format
from mgld_bench.scoring.score_pass import Failures, FrameChoice, needs_every_frame, score_clip, selected_frames


@dataclass(frozen=True)
class ScoreRequest:
    """How clips are scored."""

    metrics: tuple[str, ...]
    """Full variant names."""
    frames: FrameChoice = "all"
    """The frame numbers (from 0) whose scores make up a clip's."""
    shift: tuple[float, float] = (0.0, 0.0)
    """(rows down, columns right) by which restored clips are known to be shifted."""
    device: str = "cpu"
    short_side: int | None = None
    """Pixels to which the shorter side of every frame is brought first; None: frames are scored as they are."""


@dataclass
class FolderScores:
    """The scores that are there so far."""

    methods: tuple[str, ...]
    names: tuple[str, ...]
    """Every clip that was asked for, in order."""
    metrics: tuple[str, ...]
    scores: dict[tuple[str, str, str], ClipScore] = field(default_factory=dict)
    """By method, clip and metric."""
    references: dict[str, str] = field(default_factory=dict)
    """By clip, the sha256 of the ground truth that it was scored against."""
    failures: list[str] = field(default_factory=list)
    """What has no score, and why, one line each."""

    def of_clip(self, method: str, clip: str) -> list[ClipScore]:
        """A clip's scores, in the order of the metrics."""
        keys = ((method, clip, metric) for metric in self.metrics)
        return [self.scores[key] for key in keys if key in self.scores]

    def of_method(self, method: str) -> dict[str, list[ClipScore]]:
        """The scores of each clip of a method that has some."""
        found = {clip: self.of_clip(method, clip) for clip in self.names}
        return {clip: scores for clip, scores in found.items() if scores}

    def raise_failures(self) -> None:
        """Raise InputError that names every failure in one line."""
        if self.failures:
            begin = f"{len(self.failures)} failed; everything else is scored: " if self.scores else ""
            raise InputError(f"{begin}{'; '.join(self.failures)}")


@dataclass(frozen=True)
class _Job:
    """One metric on one method's version of a clip."""

    method: str
    metric: str
    key: str


def score_folders(choice: ClipChoice, request: ScoreRequest, kept: KeptScores, progress: Progress, into: FolderScores) -> None:
    """Score every clip of the choice, and keep each score at once.

    What can be known before is checked first. A clip or metric that fails is reported and stands in ``into.failures``.

    Args:
        choice: the clips.
        request: how to score them.
        kept: where scores are kept; what is there is not computed again.
        progress: where to report progress.
        into: is filled with the scores, so that they are there even where an interrupt ends the work.
    """
    work = _Work(resized_choice(choice, request.short_side), request, kept, progress, into)
    for problem in choice.problems:
        work.fail(problem)
    jobs = work.left_to_do(work.checked())
    metrics = work.loaded(jobs)
    todo = {clip.name: work.fitting(clip, jobs[clip.name], metrics) for clip in work.choice.clips}
    frames = {clip.name: _frames_to_read(clip, todo[clip.name], request) for clip in work.choice.clips}
    with stage(progress, "score", sum(frames.values())):
        for clip in work.choice.clips:
            if todo[clip.name]:
                progress.unit(clip.name)
                work.score(clip, todo[clip.name], metrics, frames[clip.name])


def new_scores(choice: ClipChoice, request: ScoreRequest) -> FolderScores:
    """The container for the scores of a choice, still empty."""
    return FolderScores(choice.methods, choice.names, request.metrics)


@dataclass(frozen=True)
class _Work:
    choice: ClipChoice
    request: ScoreRequest
    kept: KeptScores
    progress: Progress
    into: FolderScores

    def fail(self, line: str) -> None:
        if line not in self.into.failures:
            self.into.failures.append(line)
            self.progress.log(f"FAILED {line}")

    def fail_jobs(self, clip: ScoredClip, failed: Mapping[tuple[str, str], InputError]) -> None:
        """Report failures by method and metric; a reason that several metrics of a clip share is one line."""
        by_reason: dict[tuple[str, str], list[str]] = {}
        for (method, metric), error in failed.items():
            by_reason.setdefault((method, str(error)), []).append(metric)
        for (method, reason), metrics in by_reason.items():
            head = [method] if len(self.choice.methods) > 1 else []
            head += [] if f"clip {clip.name}" in reason else [clip.name]
            head += [] if len(metrics) == len(self.request.metrics) or metrics[0] in reason else [", ".join(metrics)]
            self.fail(f"{' '.join(head)}: {reason}" if head else reason)

    def checked(self) -> dict[str, list[str]]:
        """By clip, the methods whose version has the frames and the size that it should have."""
        good: dict[str, list[str]] = {}
        for clip in self.choice.clips:
            good[clip.name] = []
            for method, restored in clip.restored.items():
                try:
                    if clip.reference is not None:
                        check_format(restored, clip.reference)
                    selected_frames(restored.facts, self.request.frames)
                except InputError as error:
                    self.fail_jobs(clip, {(method, metric): error for metric in self.request.metrics})
                else:
                    good[clip.name].append(method)
                    for place in (restored, clip.reference):
                        if place is not None and place.facts.lossy:
                            self.progress.log(
                                f"note: {place.path} is stored with lossy compression, whose artefacts count in the scores"
                            )
        return good

    def left_to_do(self, good: Mapping[str, Sequence[str]]) -> dict[str, list[_Job]]:
        """By clip, what has no score yet; what was kept is taken over."""
        jobs: dict[str, list[_Job]] = {clip.name: [] for clip in self.choice.clips}
        files = self.metric_files()
        for clip in self.choice.clips:
            for method in good[clip.name]:
                try:
                    reference = None if clip.reference is None else clip_content(clip.reference)
                    restored = clip_content(clip.restored[method])
                except InputError as error:
                    self.fail_jobs(clip, {(method, name): error for name in files})
                    continue
                if reference is not None:
                    self.into.references[clip.name] = reference.sha256
                for name, of_metric in files.items():
                    key = folder_score_key(
                        restored, reference, describe(name), of_metric, self.request.frames, self.request.shift
                    )
                    jobs[clip.name].append(_Job(method, name, key))
        every = [job for of_clip in jobs.values() for job in of_clip]
        found = self.kept.find([job.key for job in every])
        for name, of_clip in jobs.items():
            for job in of_clip:
                if job.key in found:
                    self.into.scores[job.method, name, job.metric] = found[job.key]
        if found:
            self.progress.log(f"{len(found)} of {len(every)} scores were there already; --fresh computes them again")
        return {name: [job for job in of_clip if job.key not in found] for name, of_clip in jobs.items()}

    def metric_files(self) -> dict[str, dict[str, str]]:
        """The digests of each metric's files; a metric whose files are not there has failed."""
        files: dict[str, dict[str, str]] = {}
        for name in self.request.metrics:
            try:
                files[name] = metric_sha256(describe(name))
            except InputError as error:
                self.fail(f"every clip {name}: {error}")
        return files

    def loaded(self, jobs: Mapping[str, Sequence[_Job]]) -> dict[str, Metric]:
        """The metrics that are needed, ready to score."""
        needed = {job.metric for of_clip in jobs.values() for job in of_clip}
        metrics: dict[str, Metric] = {}
        for name in self.request.metrics:
            if name in needed:
                try:
                    metrics[name] = load_metric(name, self.request.device)
                except broken() as error:
                    self.fail(f"every clip {name}: {contained(error)}")
        return metrics

    def fitting(self, clip: ScoredClip, jobs: Sequence[_Job], metrics: Mapping[str, Metric]) -> list[_Job]:
        """Those jobs whose metric can score frames of this size and clips of this length."""
        fit: list[_Job] = []
        failed: Failures = {}
        for job in jobs:
            if job.metric in metrics:
                try:
                    metrics[job.metric].start(clip.restored[job.method].facts).close()
                except broken() as error:
                    failed[job.method, job.metric] = contained(error)
                else:
                    fit.append(job)
        self.fail_jobs(clip, failed)
        return fit

    def score(self, clip: ScoredClip, jobs: Sequence[_Job], metrics: Mapping[str, Metric], frames: int) -> None:
        """One pass over a clip for all methods and metrics that have no score of it."""
        methods = list(dict.fromkeys(job.method for job in jobs))
        restored: dict[str, Clip] = {method: clip.restored[method] for method in methods}
        failed: Failures = {}
        began = time.monotonic()
        scores = score_clip(
            clip.reference,
            restored,
            {method: [metrics[job.metric] for job in jobs if job.method == method] for method in methods},
            self.request.frames,
            progress=steps(self.progress),
            shifts={method: scaled_shift(self.request.shift, restored[method]) for method in methods},
            device=self.request.device,
            log=self.progress.log,
            failures=failed,
        )
        done = {
            (job.key, job.method): (metrics[job.metric].facts, scores[job.method][job.metric])
            for job in jobs
            if job.metric in scores.get(job.method, {})
        }
        for (_, method), (facts, score) in done.items():
            self.into.scores[method, clip.name, facts.name] = score
        if done:
            self.kept.keep(clip.name, done, frames, time.monotonic() - began)
        self.fail_jobs(clip, failed)


def _frames_to_read(clip: ScoredClip, jobs: Sequence[_Job], request: ScoreRequest) -> int:
    """The frames of one pass: the chosen ones, or all where a metric needs those too."""
    if not jobs:
        return 0
    facts = clip.restored[jobs[0].method].facts
    every = any(needs_every_frame(describe(job.metric)) for job in jobs)
    return facts.frame_count if every else len(selected_frames(facts, request.frames))
