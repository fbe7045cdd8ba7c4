"""PSNR in its variants."""

from __future__ import annotations

import math

import cv2

from mgld_bench.metrics.fidelity.luma import LumaKind, Samples, chunk_luma, cropped
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric, reference_of
from mgld_bench.metrics.metric import Chunk, MetricFacts, Variant

PEAK = 255.0


def mean_squared_error(first: Samples, second: Samples) -> float:
    """The mean squared difference of two arrays of the same shape and type (uint8 or float64)."""
    return float(cv2.norm(first, second, cv2.NORM_L2SQR)) / first.size


def psnr(error: float, peak: float = PEAK) -> float:
    """PSNR in dB of a mean squared error; infinite where it is 0.

    >>> round(psnr(65.025), 6), psnr(0)
    (30.0, inf)
    """
    return math.inf if error == 0 else 10 * math.log10(peak**2 / error)


class PSNR(FrameMetric):
    """10 log10(255^2 / MSE) per frame; infinite for identical frames."""

    def __init__(self, facts: MetricFacts, crop: int, luma: LumaKind | None) -> None:
        """``luma``: which luma is compared; None: the three channels."""
        super().__init__(facts, smallest_side=2 * crop + 1)
        self._crop = crop
        self._luma = luma

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        pairs = zip(self._compared(restored), self._compared(reference_of(reference, self.facts.name)), strict=True)
        return ChunkScores([psnr(mean_squared_error(ours, theirs)) for ours, theirs in pairs])

    def _compared(self, chunk: Chunk) -> Samples:
        return cropped(chunk.frames if self._luma is None else chunk_luma(chunk, self._luma), self._crop)


_VARIANTS: tuple[tuple[str, LumaKind | None, str], ...] = (
    ("psnr.rgb", None, "MSE over the three channels of 8-bit RGB"),
    ("psnr.y", "limited", "MSE of limited-range BT.601 luma (16..235), not rounded, as MATLAB and basicsr"),
    ("psnr.y-full", "full", "MSE of full-range BT.601 luma (0..255), not rounded, as pyiqa's psnry"),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    return tuple(
        Variant(
            MetricFacts(
                name=name,
                title="PSNR",
                direction="higher",
                needs_reference=True,
                per_frame=True,
                digits=2,
                revision=1,
                definition=f"{compared}; peak 255; no offset: identical frames are infinite; mean over frames",
                infinite="identical to the ground truth",
                bounds=(0.0, None),
            ),
            "mgld_bench.metrics.fidelity.psnr:PSNR",
            {"luma": luma},
        )
        for name, luma, compared in _VARIANTS
    )
