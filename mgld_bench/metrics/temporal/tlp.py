"""tLP: how far a restored clip's perceived change from frame to frame is from that of the ground truth.

Source: TecoGAN, see tof.py.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from mgld_bench.clips.clip import ClipFacts, Frame
from mgld_bench.metrics.flow.device_frame import DeviceFrame, frame_pair
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.learned.feature_distance import load_lpips
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts
from mgld_bench.metrics.pair_metric import PairMetric
from mgld_bench.metrics.temporal.tof import CUT, SMALLEST_SIDE, centre
from mgld_bench.networks.perceptual.lpips import LPIPS

SCALE = 100.0
_PEAK = 255.0
_WORKING, _KEPT = 56, 2 * (12 + 42)
"""Bytes per pixel: while AlexNet runs, and of each frame and its ground truth, with their features."""


def temporal_lpips(truth: float, restored: float, scale: float = SCALE) -> float:
    """tLP of one pair of frames.

    Args:
        truth: The distance (LPIPS) of the ground truth's frames.
        restored: That of the restored frames.
        scale: The difference of both is multiplied by it.
    """
    return scale * abs(truth - restored)


class CentreFrame(DeviceFrame):
    """The part of a frame that TecoGAN's metrics look at."""

    def __init__(self, pixels: Frame, device: torch.device) -> None:
        super().__init__(np.ascontiguousarray(centre(pixels)), device)


class TemporalLpips(PairMetric):
    """tLP; a frame's features are used for both of its pairs, and the ground truth's distances for all methods."""

    def __init__(self, facts: MetricFacts, network: LPIPS, device: str) -> None:
        super().__init__(facts, SMALLEST_SIDE, CUT)
        self._lpips = _Stages(network)
        self._device = torch.device(device)

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        """See PairMetric.score."""
        truth = reference_of(reference, self.facts.name)
        with full_float32():
            return [temporal_lpips(self._distance(truth, row), self._distance(restored, row)) for row in rows]

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        pixels = clip.height * clip.width
        return MemoryNeed(_WORKING * pixels, _KEPT * pixels)

    def _distance(self, chunk: Chunk, row: int) -> float:
        """LPIPS between the frame in a row of the chunk and the one before it."""
        return chunk.shared((self._lpips.key, "distance", row), lambda _frames: self._compared(chunk, row))

    def _compared(self, chunk: Chunk, row: int) -> float:
        previous, frame = frame_pair(chunk, row, CentreFrame, self._device)
        return float(self._lpips.network.compare(previous.features(self._lpips), frame.features(self._lpips)))


def load_temporal_lpips(facts: MetricFacts, device: str) -> TemporalLpips:
    """tLP with AlexNet on a torch ``device``. Raises InputError where a weight file is missing or does not fit."""
    return TemporalLpips(facts, load_lpips("alex", facts.weights, device), device)


class _Stages:
    """LPIPS as a FrameEncoder: what it computes from one frame alone."""

    def __init__(self, network: LPIPS) -> None:
        self.network = network

    @property
    def key(self) -> LPIPS:
        return self.network

    def features(self, levels: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.network.stages(levels / _PEAK))
