"""Metrics that score each frame on its own."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Metric, MetricFacts, require_size


@dataclass(frozen=True)
class ChunkScores:
    """The scores of a chunk's frames."""

    values: Sequence[float]
    """One per frame."""
    averaged: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Further numbers by name, one per frame, whose means over the clip become facts of its score."""


class FrameMetric(Metric):
    """A metric whose score of a frame depends on that frame alone."""

    def __init__(self, facts: MetricFacts, smallest_side: int) -> None:
        """``smallest_side``: the pixels that a frame must have in both directions."""
        self.facts = facts
        self._smallest_side = smallest_side

    @abstractmethod
    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """The scores of a chunk's frames."""

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        require_size(self.facts.name, clip, self._smallest_side)
        return _FrameScorer(self)


class _FrameScorer(ClipScorer):
    def __init__(self, metric: FrameMetric) -> None:
        self._metric = metric
        self._values: dict[int, float] = {}
        self._averaged: dict[str, list[float]] = {}

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        scores = self._metric.score(restored, reference)
        self._values.update(zip(restored.indices, scores.values, strict=True))
        for name, numbers in scores.averaged.items():
            self._averaged.setdefault(name, []).extend(numbers)

    def finish(self) -> ClipScore:
        facts = {name: math.fsum(numbers) / len(numbers) for name, numbers in self._averaged.items()}
        return score_of_frames(self._metric.facts.name, self._values, facts)


def score_of_frames(
    metric: str, per_frame: Mapping[int, float], facts: Mapping[str, float | str], notes: Sequence[str] = ()
) -> ClipScore:
    """The score of a clip: the mean over its frames, with these facts and notes.

    One infinite frame makes it infinite; facts and a note then name the infinite frames.

    >>> score_of_frames("psnr.rgb", {0: 30.0, 1: 40.0}, {}).value
    35.0
    >>> score_of_frames("psnr.rgb", {0: 30.0, 1: math.inf}, {}).notes
    ('psnr.rgb is infinite at frame 1',)
    """
    infinite = [index for index, value in per_frame.items() if math.isinf(value)]
    if not infinite:
        return ClipScore(metric, math.fsum(per_frame.values()) / len(per_frame), dict(per_frame), tuple(notes), facts)
    found: dict[str, float | str] = {"infinite_frames": len(infinite), "infinite_at": ", ".join(map(str, infinite))}
    return ClipScore(metric, math.inf, dict(per_frame), (infinite_note(metric, infinite), *notes), {**facts, **found})


def infinite_note(metric: str, frames: Sequence[int]) -> str:
    """What a reader must know of a score that is infinite at these frames."""
    return f"{metric} is infinite at frame {', '.join(map(str, frames))}"


def reference_of(chunk: Chunk | None, metric: str) -> Chunk:
    """The chunk of the ground truth, for a metric that needs it. Raises InputError where there is none."""
    if chunk is None:
        raise InputError(f"metric {metric} needs ground truth")
    return chunk
