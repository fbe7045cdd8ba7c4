"""Metrics that a filter of ffmpeg computes: one process for all variants of a family that score a clip."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Protocol

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.clips.ffmpeg import ffmpeg_identity
from mgld_bench.errors import InputError
from mgld_bench.metrics.frame_metric import reference_of, score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Frames, Metric, MetricFacts, require_size

PARTS = 2
"""ffmpeg runs beside the other metrics, and leaves them half of the threads."""


class FrameScores(Protocol):
    """A running ffmpeg that is fed frames."""

    def add(self, restored: Frames, reference: Frames, /) -> None:
        """Send the next frames of both clips; where the metric needs no ground truth, ``reference`` is ``restored``."""

    def finish(self) -> Mapping[str, Sequence[float]]:
        """The scores of all frames, by the name of what was asked for."""

    def close(self) -> None:
        """End ffmpeg, whatever it is doing."""


class FFmpegMetric(Metric):
    """A metric that a filter of ffmpeg computes. Its scorers share a process with those of the same class."""

    def __init__(self, facts: MetricFacts, wanted: str, sides: tuple[int, int] = (1, 1)) -> None:
        """A metric of this class.

        Args:
            facts: What it is.
            wanted: What of the filter it is: the name of a model, of a plane, …
            sides: The pixels that a frame must have in both directions, and in one of them.
        """
        self.facts = facts
        self.wanted = wanted
        self.sides = sides

    @abstractmethod
    def open(self, clip: ClipFacts, wanted: Sequence[str]) -> FrameScores:
        """Start ffmpeg for everything that is ``wanted`` of a clip."""

    def clip_facts(self, scores: Mapping[int, float]) -> Mapping[str, float | str]:
        """What else belongs into the facts of a clip's score."""
        return {}

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        every, one = self.sides
        require_size(self.facts.name, clip, every)
        if max(clip.height, clip.width) < one:
            raise InputError(
                f"metric {self.facts.name} needs frames of at least {one} pixels in one direction, "
                f"but these are {clip.width}x{clip.height}"
            )
        return _FFmpegScorer(self, clip)


class _Run:
    """The process that the scorers of a clip share: what variants have in common is computed once."""

    def __init__(self, scores: FrameScores) -> None:
        self._process = scores
        self._indices: list[int] = []
        self._scores: Mapping[str, Sequence[float]] = {}

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        """Feed a chunk to the process; done once, however many scorers give the same chunk."""
        restored.shared(self, lambda _frames: self._feed(restored, reference))

    def _feed(self, restored: Chunk, reference: Chunk | None) -> None:
        self._indices.extend(restored.indices)
        self._process.add(restored.frames, (restored if reference is None else reference).frames)

    def scores(self, wanted: str) -> dict[int, float]:
        """The scores of one variant by frame number, when everything has been fed."""
        if not self._scores:
            self._scores = self._process.finish()
        return dict(zip(self._indices, self._scores[wanted], strict=True))

    def close(self) -> None:
        """End the process."""
        self._process.close()


class _FFmpegScorer(ClipScorer):
    def __init__(self, metric: FFmpegMetric, clip: ClipFacts) -> None:
        self._metric = metric
        self._clip = clip
        self._run: _Run | None = None

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        facts = self._metric.facts
        truth = reference_of(reference, facts.name) if facts.needs_reference else None
        if self._run is None:
            self._run = restored.clip.get((_Run, type(self._metric)), lambda: self._start_run(restored.clip.metrics))
        self._run.add(restored, truth)

    def finish(self) -> ClipScore:
        name = self._metric.facts.name
        if self._run is None:
            raise InputError(f"clip {self._clip.name}: {name} was given no frame")
        scores = self._run.scores(self._metric.wanted)
        return score_of_frames(name, scores, {"ffmpeg": ffmpeg_identity().version, **self._metric.clip_facts(scores)})

    def close(self) -> None:
        if self._run is not None:
            self._run.close()

    def _start_run(self, metrics: Sequence[Metric]) -> _Run:
        kind = type(self._metric)
        wanted = (metric.wanted for metric in (*metrics, self._metric) if isinstance(metric, kind))
        return _Run(self._metric.open(self._clip, list(dict.fromkeys(wanted))))


def why_ffmpeg_is_unavailable() -> str | None:
    """Why ffmpeg cannot be used here, in one line, or None."""
    try:
        ffmpeg_identity()
    except InputError as error:
        return str(error)
    return None


def why_libvmaf_is_unavailable() -> str | None:
    """Why ffmpeg's libvmaf cannot be used here, in one line, or None."""
    reason = why_ffmpeg_is_unavailable()
    if reason is None and "--enable-libvmaf" not in ffmpeg_identity().configuration:
        return "the ffmpeg of imageio-ffmpeg is built without libvmaf"
    return reason
