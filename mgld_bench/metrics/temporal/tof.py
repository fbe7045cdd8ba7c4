"""tOF: how far the motion of a restored clip is from that of the ground truth.

Source: TecoGAN, see temporal_crop.py. The paper writes an L1 norm; the code, which this follows, takes the Euclidean length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Frame
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.metric import Chunk, MetricFacts, Variant
from mgld_bench.metrics.pair_metric import PairMetric, before
from mgld_bench.metrics.temporal import crop as temporal_crop

Flow = npt.NDArray[np.float32]
"""(h, w, 2) float32, pixels, right then down."""


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

    def flow(self, first: Frame, second: Frame) -> Flow:
        """From ``first`` to ``second``, taken of their 8-bit grey."""
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


def flow_distance(first: Flow, second: Flow) -> float:
    """The mean length of the difference of two flows, in pixels."""
    return float(np.linalg.norm(first - second, axis=2).mean(dtype=np.float64))


class TemporalFlow(PairMetric):
    """tOF."""

    def __init__(self, facts: MetricFacts) -> None:
        super().__init__(facts, temporal_crop.SMALLEST_SIDE, temporal_crop.CUT)
        self._method = Farneback()

    def score(self, restored: Chunk, reference: Chunk | None, rows: Sequence[int]) -> list[float]:
        """See PairMetric.score."""
        truth = reference_of(reference, self.facts.name)
        theirs = truth.shared(("farneback flow", tuple(rows)), lambda _frames: self._flows(truth, rows))
        return [flow_distance(*pair) for pair in zip(theirs, self._flows(restored, rows), strict=True)]

    def _flows(self, chunk: Chunk, rows: Sequence[int]) -> list[Flow]:
        """The flow is that of the whole frames, and its margin is cut off."""
        return [temporal_crop.centre(self._method.flow(before(chunk, row), chunk.frames[row])) for row in rows]


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
        name="tof",
        title="tOF",
        direction="lower",
        needs_reference=True,
        per_frame=True,
        digits=3,
        revision=1,
        definition=(
            "TecoGAN's: mean length of the difference of the ground truth's and the clip's flow, pixels; OpenCV Farneback "
            "(pyramid 0.5, 3 levels, window 15, 3 iterations, poly_n 5, sigma 1.2) on 8-bit grey, frame i-1 to i; without the "
            "first and last 2 frames and a margin of at least 8 pixels; mean over pairs"
        ),
        needs_neighbours=True,
    )
    return (Variant(facts, "mgld_bench.metrics.temporal.tof:TemporalFlow", croppable=False),)
