"""Metrics that compare each frame with the one before it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence

from mgld_bench.clips.clip import ClipFacts, Frame
from mgld_bench.errors import InputError
from mgld_bench.metrics.frame_metric import score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Metric, MetricFacts

PairScores = Callable[[Chunk, Chunk | None, Sequence[int]], Sequence[float]]
"""From a chunk, that of the ground truth (None where there is none) and rows of the chunk: the score of each row's frame with the
one before it. NaN where a pair has none, which is an error unless the metric says that pairs may be without one."""


class PairMetric(Metric):
    """A metric whose score of frame i is that of the frames i - 1 and i; frame 0 has none."""

    def __init__(self, facts: MetricFacts, smallest_side: int, cut: int = 0, has_gaps: bool = False) -> None:
        """``smallest_side``: pixels that a frame must have in both directions; ``cut``: frames left out at either end.

        has_gaps: a pair may be without a value, as one whose pixels are all masked; it is then left out and told in the notes.
        """
        self.facts = facts
        self.cut = cut
        self.has_gaps = has_gaps
        self._smallest_side = smallest_side

    @abstractmethod
    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> Sequence[float]:
        """See PairScores."""

    def notes(self, with_reference: bool) -> Mapping[str, float | str]:
        """What a reader of the score of a clip, with or without ground truth, should know."""
        return {}

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        return self.scorer(clip, self.score)

    def scorer(self, clip: ClipFacts, score: PairScores) -> ClipScorer:
        """A scorer for this restored clip whose values are given by ``score``."""
        fewest = 2 * self.cut + 2
        if clip.frame_count < fewest:
            raise InputError(
                f"clip {clip.name}: metric {self.facts.name} compares neighbouring frames and needs {fewest} of them, "
                f"not {clip.frame_count}"
            )
        if min(clip.height, clip.width) < self._smallest_side:
            side, size = self._smallest_side, f"{clip.width}x{clip.height}"
            raise InputError(f"metric {self.facts.name} needs frames of at least {side}x{side}, these are {size}")
        return _PairScorer(self, clip, score)


class _PairScorer(ClipScorer):
    def __init__(self, metric: PairMetric, clip: ClipFacts, score: PairScores) -> None:
        self._metric = metric
        self._clip = clip
        self._score = score
        self._values: dict[int, float] = {}
        self._with_reference = False

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        self._with_reference = reference is not None
        cut = self._metric.cut
        wanted = range(cut + 1, self._clip.frame_count - cut)
        rows = [row for row, index in enumerate(restored.indices) if index in wanted]
        scores = self._score(restored, reference, rows)
        self._values.update(zip((restored.indices[row] for row in rows), scores, strict=True))

    def finish(self) -> ClipScore:
        gaps = [index for index, value in self._values.items() if math.isnan(value)] if self._metric.has_gaps else []
        kept = {index: value for index, value in self._values.items() if index not in gaps}
        if not kept:
            raise InputError(
                f"clip {self._clip.name}: {self._metric.facts.name} has no value: no pixel of any pair of frames counts; "
                "leave out this metric"
            )
        notes: dict[str, float | str] = {"pairs": len(kept), **self._metric.notes(self._with_reference)}
        if gaps:
            notes["pairs_left_out"] = len(gaps)
            notes["pairs_left_out_at"] = ", ".join(map(str, gaps))
        return score_of_frames(self._metric.facts.name, kept, notes)


def before(chunk: Chunk, row: int) -> Frame:
    """The frame before that of this row of the chunk."""
    if row:
        frame: Frame = chunk.frames[row - 1]
        return frame
    if chunk.previous is None:
        raise ValueError(f"the chunk that begins with frame {chunk.indices[0]} does not know the frame before it")
    return chunk.previous
