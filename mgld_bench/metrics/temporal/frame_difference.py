"""How much more or less a restored clip changes from frame to frame than the ground truth, without any warping.

Source: MGLD-VSR, equation 4.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.flow.device_frame import DeviceFrame, frame_pair, signed
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts
from mgld_bench.metrics.pair_metric import PairMetric

_FRAMES, _WORKING = 2 * 12, 6 * 12
"""Bytes per pixel: of each frame and its ground truth, and while they are compared."""


class FrameDifference(PairMetric):
    """The frame difference, a training loss of MGLD-VSR, as a metric."""

    def __init__(self, facts: MetricFacts, device: str) -> None:
        super().__init__(facts, smallest_side=1)
        self._device = torch.device(device)

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        """See PairMetric.score."""
        truth = reference_of(reference, self.facts.name)
        with full_float32():
            return [self._difference(restored, truth, row) for row in rows]

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        pixels = clip.height * clip.width
        return MemoryNeed(_WORKING * pixels, _FRAMES * pixels)

    def _difference(self, restored: Chunk, truth: Chunk, row: int) -> float:
        frames = [frame for chunk in (restored, truth) for frame in frame_pair(chunk, row, DeviceFrame, self._device)]
        return float(frame_difference(*(signed(frame.levels) for frame in frames)))


def frame_difference(previous: Tensor, frame: Tensor, true_previous: Tensor, true_frame: Tensor) -> Tensor:
    """Mean |change from frame to frame - that of the ground truth| over pixels and channels (equation 4 has a sum).

    Args:
        previous: (n, 3, h, w) float32 RGB in [-1, 1], frame i of n pairs.
        frame: Frame i + 1 of each pair.
        true_previous: Frame i of the ground truth.
        true_frame: Frame i + 1 of the ground truth.

    Returns:
        (n,) float64, one value per pair.
    """
    change = previous - frame
    true_change = true_previous - true_frame
    return change.sub_(true_change).abs_().mean((1, 2, 3), dtype=torch.float64)
