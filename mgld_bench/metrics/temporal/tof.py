"""tOF: how far the motion of a restored clip is from that of the ground truth.

Source: Chu et al., Learning Temporal Coherence via Self-Supervision for GAN-based Video Generation (TecoGAN, arXiv 1811.09393),
as its code computes it (github thunil/TecoGAN, metrics.py). The paper writes an L1 norm; the code takes the Euclidean length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Frame
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.metric import Chunk, MetricFacts
from mgld_bench.metrics.pair_metric import PairMetric, before

OpenCVFlow = npt.NDArray[np.float32]
"""(h, w, 2) float32 in pixels: right, then down; networks have the two components first (see metrics/flow/sources.py: Flow)."""
CUT = 2
"""How many frames TecoGAN's metrics leave out at either end of a clip."""
MULTIPLE = 32
MARGIN = 16
SMALLEST_SIDE = MULTIPLE + MARGIN
"""The fewest pixels of a side of which something is left."""
Sample = TypeVar("Sample", bound=np.generic)


@dataclass(frozen=True)
class Farneback:
    """Parameters of OpenCV's dense flow by Farneback's method; those of TecoGAN's code unless given."""

    pyr_scale: float = 0.5
    levels: int = 3
    winsize: int = 15
    iterations: int = 3
    poly_n: int = 5
    poly_sigma: float = 1.2
    flags: int = 0

    def flow(self, first: Frame, second: Frame) -> OpenCVFlow:
        """The flow from ``first`` to ``second``, computed on their 8-bit grey."""
        found = np.zeros((*first.shape[:2], 2), np.float32)
        cv2.calcOpticalFlowFarneback(
            cv2.cvtColor(first, cv2.COLOR_RGB2GRAY),
            cv2.cvtColor(second, cv2.COLOR_RGB2GRAY),
            found,
            self.pyr_scale,
            self.levels,
            self.winsize,
            self.iterations,
            self.poly_n,
            self.poly_sigma,
            self.flags,
        )
        return found


def flow_distance(first: OpenCVFlow, second: OpenCVFlow) -> float:
    """The mean length of the difference of two flows, in pixels."""
    return float(np.linalg.norm(first - second, axis=2).mean(dtype=np.float64))


def centre(pixels: npt.NDArray[Sample], multiple: int = MULTIPLE, margin: int = MARGIN) -> npt.NDArray[Sample]:
    """The part of a frame that TecoGAN's metrics look at: its middle, a view.

    Args:
        pixels: (h, w, …).
        multiple: The sides of the kept part are multiples of it.
        margin: The fewest pixels by which a side gets shorter.
    """
    (top, height), (left, width) = (_middle(side, multiple, margin) for side in pixels.shape[:2])
    return pixels[top : top + height, left : left + width]


def _middle(side: int, multiple: int, margin: int) -> tuple[int, int]:
    """Where the kept part of a side begins, and its length."""
    kept = (side - margin) // multiple * multiple
    return (side - kept) // 2, kept


class TemporalFlow(PairMetric):
    """tOF; the ground truth's flow is computed once for all methods."""

    def __init__(self, facts: MetricFacts) -> None:
        super().__init__(facts, SMALLEST_SIDE, CUT)
        self._method = Farneback()

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        """See PairMetric.score."""
        truth = reference_of(reference, self.facts.name)
        theirs = truth.shared(("farneback flow", tuple(rows)), lambda _frames: self._flows(truth, rows))
        return [flow_distance(*pair) for pair in zip(theirs, self._flows(restored, rows), strict=True)]

    def _flows(self, chunk: Chunk, rows: Sequence[int]) -> list[OpenCVFlow]:
        """That of whole frames, whose margin is then cut off."""
        return [centre(self._method.flow(before(chunk, row), chunk.frames[row])) for row in rows]
