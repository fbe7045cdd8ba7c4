"""Metrics that score each frame on its own."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Metric, MetricFacts


@dataclass(frozen=True)
class ChunkScores:
    """The scores of a chunk's frames."""

    values: Sequence[float]
    """One per frame."""
    averaged: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Further numbers, one per frame, whose means over the clip go into the notes of its score."""


class FrameMetric(Metric):
    """A metric whose score of a frame depends on that frame alone."""

    def __init__(self, facts: MetricFacts, smallest_side: int) -> None:
        """``smallest_side``: pixels that a frame must have in both directions."""
        self.facts = facts
        self._smallest_side = smallest_side

    @abstractmethod
    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """The scores of a chunk's frames."""

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        if min(clip.height, clip.width) < self._smallest_side:
            side, size = self._smallest_side, f"{clip.width}x{clip.height}"
            raise InputError(f"metric {self.facts.name} needs frames of at least {side}x{side}, these are {size}")
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
        notes = {name: math.fsum(numbers) / len(numbers) for name, numbers in self._averaged.items()}
        return score_of_frames(self._metric.facts.name, self._values, notes)


def score_of_frames(metric: str, per_frame: Mapping[int, float], notes: Mapping[str, float | str]) -> ClipScore:
    """The score of a clip: the mean over its frames. One infinite frame makes it infinite; then the notes name these frames."""
    infinite = [index for index, value in per_frame.items() if math.isinf(value)]
    value = math.inf if infinite else math.fsum(per_frame.values()) / len(per_frame)
    told: dict[str, float | str] = {}
    if infinite:
        told = {"infinite_frames": len(infinite), "infinite_at": ", ".join(map(str, infinite))}
    return ClipScore(metric, value, dict(per_frame), {**notes, **told})


def reference_of(chunk: Chunk | None, metric: str) -> Chunk:
    """The ground truth's chunk, where a metric needs it. Raises InputError where there is none."""
    if chunk is None:
        raise InputError(f"metric {metric} needs ground truth")
    return chunk
