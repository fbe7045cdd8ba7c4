"""The frame difference, computed."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.flow.device_frame import DeviceFrame, frame_pair, signed
from mgld_bench.metrics.flow.sequence_measures import frame_difference
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.learned.full_float32 import full_float32
from mgld_bench.metrics.metric import Chunk, MetricFacts
from mgld_bench.metrics.pair_metric import PairMetric

_FRAMES, _WORKING = 2 * 12, 6 * 12
"""Bytes per pixel: of each frame and its ground truth, and while they are compared."""


class FrameDifference(PairMetric):
    """Equation 4 of MGLD-VSR as a measure."""

    def __init__(self, facts: MetricFacts, device: str) -> None:
        super().__init__(facts, smallest_side=1)
        self._device = torch.device(device)

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        """See PairMetric.score."""
        truth = reference_of(reference, self.facts.name)
        with full_float32():
            return [self._difference(restored, truth, row) for row in rows]

    def memory(self, clip: ClipFacts) -> tuple[int, int]:
        """See Metric.memory."""
        pixels = clip.height * clip.width
        return _WORKING * pixels, _FRAMES * pixels

    def _difference(self, restored: Chunk, truth: Chunk, row: int) -> float:
        frames = [frame for chunk in (restored, truth) for frame in frame_pair(chunk, row, DeviceFrame, self._device)]
        return float(frame_difference(*(signed(frame.levels) for frame in frames)))
