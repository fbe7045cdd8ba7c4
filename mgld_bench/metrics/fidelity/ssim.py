"""SSIM in its variants, with separable filters."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from mgld_bench.metrics.fidelity.luma import FloatArray, LumaKind, Samples, chunk_luma, cropped, rounded_luma
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric, reference_of
from mgld_bench.metrics.metric import Chunk, MetricFacts, Variant

WINDOW = 11
SIGMA = 1.5
C1 = (0.01 * 255) ** 2
C2 = (0.03 * 255) ** 2
_BAND = 64


def ssim(first: Samples, second: Samples, clip_structure: bool = False) -> float:
    """Mean SSIM of two planes, over the area where the 11x11 Gaussian window lies inside.

    Wang et al., Image Quality Assessment: From Error Visibility to Structural Similarity, IEEE TIP 2004.

    Args:
        first: (height, width) on the scale 0..255, at least 11x11.
        second: The same.
        clip_structure: Clip the contrast-structure term at 0, as pyiqa does.
    """
    rows, columns = (side - WINDOW + 1 for side in first.shape)
    total = 0.0
    # In bands that stay in the processor's cache: more than twice as fast as whole planes of 720p.
    for top in range(0, rows, _BAND):
        band = slice(top, top + _BAND + WINDOW - 1)
        total += ssim_map(first[band].astype(np.float64), second[band].astype(np.float64), clip_structure).sum()
    return float(total / (rows * columns))


def ssim_map(first: FloatArray, second: FloatArray, clip_structure: bool = False) -> FloatArray:
    """SSIM at each place of the 11x11 Gaussian window that lies inside: 10 rows and columns fewer; see `ssim`."""
    mean_first, mean_second = _smooth(first), _smooth(second)
    product = mean_first * mean_second
    squares = mean_first**2
    squares += mean_second**2
    covariance = _smooth(first * second)
    covariance -= product
    variances = _smooth(first**2 + second**2)
    variances -= squares
    structure: FloatArray = (2 * covariance + C2) / (variances + C2)
    if clip_structure:
        np.maximum(structure, 0, out=structure)
    structure *= 2 * product + C1
    structure /= squares + C1
    return structure


def _smooth(plane: FloatArray) -> FloatArray:
    """The plane smoothed with the Gaussian window, where the window lies inside."""
    kernel = cv2.getGaussianKernel(WINDOW, SIGMA, cv2.CV_64F)
    edge = WINDOW // 2
    smooth = cv2.sepFilter2D(plane, cv2.CV_64F, kernel, kernel)
    return np.asarray(smooth, np.float64)[edge:-edge, edge:-edge]


@dataclass(frozen=True)
class Compared:
    """What is compared, and how."""

    luma: LumaKind | None
    """None: the three channels."""
    rounded: bool
    """Luma is rounded first."""
    clip_structure: bool
    """See ssim()."""


class SSIM(FrameMetric):
    """SSIM per frame, in float64; of RGB, the mean over the channels."""

    def __init__(self, facts: MetricFacts, crop: int, compared: Compared) -> None:
        super().__init__(facts, smallest_side=2 * crop + WINDOW)
        self._crop = crop
        self._compared = compared

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        pairs = zip(self._planes(restored), self._planes(reference_of(reference, self.facts.name)), strict=True)
        return ChunkScores([self._frame(ours, theirs) for ours, theirs in pairs])

    def _planes(self, chunk: Chunk) -> Samples:
        """(n, height, width) luma or (n, height, width, 3) RGB."""
        if self._compared.luma is None:
            return cropped(chunk.frames, self._crop)
        planes = rounded_luma if self._compared.rounded else chunk_luma
        return cropped(planes(chunk, self._compared.luma), self._crop)

    def _frame(self, first: Samples, second: Samples) -> float:
        clip = self._compared.clip_structure
        if first.ndim == 2:
            return ssim(first, second, clip)
        values = [ssim(first[..., channel], second[..., channel], clip) for channel in range(first.shape[2])]
        return sum(values) / len(values)


_ROUNDED_REVISION = 2
"""2: luma that lies exactly between two levels is rounded to the even one, on every processor."""
_VARIANTS = (
    ("ssim.rgb", Compared(None, rounded=False, clip_structure=False), "mean of the three channels' values, as basicsr"),
    (
        "ssim.y",
        Compared("limited", rounded=False, clip_structure=False),
        "limited-range BT.601 luma (16..235), not rounded, constants for 255, as MATLAB and basicsr",
    ),
    (
        "ssim.y-full",
        Compared("full", rounded=True, clip_structure=True),
        "full-range BT.601 luma (0..255), rounded, contrast-structure term clipped at 0, as pyiqa's ssim",
    ),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    how = "Gaussian 11x11, sigma 1.5, valid area, K 0.01 and 0.03, no down-sampling; mean over frames"
    return tuple(
        Variant(
            MetricFacts(
                name=name,
                title="SSIM",
                direction="higher",
                needs_reference=True,
                per_frame=True,
                digits=4,
                revision=_ROUNDED_REVISION if compared.rounded else 1,
                definition=f"{definition}; {how}",
                bounds=(-1.0, 1.0),
            ),
            "mgld_bench.metrics.fidelity.ssim:SSIM",
            {"compared": compared},
        )
        for name, compared, definition in _VARIANTS
    )
