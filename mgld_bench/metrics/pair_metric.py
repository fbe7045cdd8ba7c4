"""Metrics that compare each frame with the one before it."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence

from mgld_bench.clips.clip import ClipFacts, Frame
from mgld_bench.errors import InputError
from mgld_bench.metrics.frame_metric import score_of_frames
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Metric, MetricFacts, require_size


class PairMetric(Metric):
    """A metric whose score of frame i comes from the frames i - 1 and i; frame 0 has no score."""

    def __init__(self, facts: MetricFacts, smallest_side: int, cut: int = 0, has_gaps: bool = False) -> None:
        """A metric with these limits.

        Args:
            facts: What it is.
            smallest_side: Pixels that a frame must have in both directions.
            cut: Frames left out at each end of a clip.
            has_gaps: A pair may have no value, because all of its pixels are masked; it is then left out, which a note reports.
        """
        self.facts = facts
        self.cut = cut
        self.has_gaps = has_gaps
        self._smallest_side = smallest_side

    @abstractmethod
    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> Sequence[float]:
        """The score of each pair of frames that ends in one of ``rows`` of a chunk.

        Args:
            restored: The chunk; it knows the frame before its first.
            reference: The same frames of the ground truth, None where there is none.
            rows: Which frames of the chunk; the clip's first is never among them.

        Returns:
            One value per row: NaN where the pair has none, which is an error unless the metric ``has_gaps``.
        """

    def score_facts(self, with_reference: bool) -> Mapping[str, float | str]:
        """What goes into the facts of the score of a clip, with or without ground truth."""
        return {}

    def score_notes(self, with_reference: bool) -> Sequence[str]:
        """What goes into the notes of the score of a clip, with or without ground truth."""
        return ()

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        fewest = 2 * self.cut + 2
        if clip.frame_count < fewest:
            raise InputError(
                f"clip {clip.name}: metric {self.facts.name} compares neighbouring frames and needs {fewest} of them, "
                f"not {clip.frame_count}"
            )
        require_size(self.facts.name, clip, self._smallest_side)
        return _PairScorer(self, clip)


class _PairScorer(ClipScorer):
    def __init__(self, metric: PairMetric, clip: ClipFacts) -> None:
        self._metric = metric
        self._clip = clip
        self._values: dict[int, float] = {}
        self._with_reference = False

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        self._with_reference = reference is not None
        cut = self._metric.cut
        wanted = range(cut + 1, self._clip.frame_count - cut)
        rows = [row for row, index in enumerate(restored.indices) if index in wanted]
        scores = self._metric.score(restored, reference, rows)
        self._values.update(zip((restored.indices[row] for row in rows), scores, strict=True))

    def finish(self) -> ClipScore:
        gaps = [index for index, value in self._values.items() if math.isnan(value)] if self._metric.has_gaps else []
        kept = {index: value for index, value in self._values.items() if index not in gaps}
        if not kept:
            raise InputError(
                f"clip {self._clip.name}: {self._metric.facts.name} has no value: no pixel of any pair of frames counts; "
                "leave out this metric"
            )
        name = self._metric.facts.name
        facts: dict[str, float | str] = {"pairs": len(kept), **self._metric.score_facts(self._with_reference)}
        notes = list(self._metric.score_notes(self._with_reference))
        if gaps:
            frames = ", ".join(map(str, gaps))
            facts |= {"pairs_left_out": len(gaps), "pairs_left_out_at": frames}
            notes.insert(0, f"{name} leaves out frame {frames}, where no pixel counts")
        return score_of_frames(name, kept, facts, notes)


def before(chunk: Chunk, row: int) -> Frame:
    """The frame before the one in this row of a chunk. Raises ValueError where the chunk does not know it."""
    if row:
        frame: Frame = chunk.frames[row - 1]
        return frame
    if chunk.previous is None:
        raise ValueError(f"the chunk that begins with frame {chunk.indices[0]} does not know the frame before it")
    return chunk.previous
