"""NIQE on the LIVE model, in float64, in its variants.

A. Mittal, R. Soundararajan, A. C. Bovik: Making a Completely Blind Image Quality Analyzer. IEEE Signal Processing Letters, 2013.
"""

from __future__ import annotations

import numpy as np

from mgld_bench.clips.bicubic import scale_bicubic
from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.fidelity.luma import FloatArray, LumaKind, cropped, rounded_luma
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric
from mgld_bench.metrics.metric import Chunk, ClipScorer, MetricFacts, Variant
from mgld_bench.metrics.natural.statistics import (
    LICENSE,
    fit_asymmetric,
    flat_share,
    gamma_ratio,
    load_model,
    model_sha256,
    normalise,
)

BLOCK = 96
MODEL = "niqe_live.npz"
_SHIFTS = ((0, 1), (1, 0), (1, 1), (1, -1))
_FEWEST_BLOCKS = 2


def block_features(plane: FloatArray) -> tuple[FloatArray, float]:
    """The features of each whole 96x96 block of a plane.

    Args:
        plane: (height, width) float64 luma, 0..255, rounded.

    Returns:
        (blocks, 36) features, with NaN where a block has no negative or no positive samples, and the flat share; see
        flat_share().
    """
    rows, columns = plane.shape[0] // BLOCK, plane.shape[1] // BLOCK
    whole = np.ascontiguousarray(plane[: rows * BLOCK, : columns * BLOCK])
    normalised = normalise(whole, "replicate")
    half = scale_bicubic(whole, 0.5)
    fine = _features(_blocks(normalised, BLOCK))
    coarse = _features(_blocks(normalise(half, "replicate"), BLOCK // 2))
    return np.concatenate([fine, coarse], axis=1), flat_share(normalised)


def niqe(features: FloatArray) -> float:
    """The distance of features (blocks, 36) from LIVE's model of pristine pictures; NaN with fewer than two usable blocks."""
    model = load_model(MODEL)
    usable = ~np.isnan(features).any(axis=1)
    if np.count_nonzero(usable) < _FEWEST_BLOCKS:
        return float("nan")
    # As in all implementations in use, unusable blocks still count in the means of the features that they have.
    difference = model["mu"].ravel() - np.nanmean(features, axis=0)
    covariance = (model["cov"] + np.cov(features[usable], rowvar=False)) / 2
    return float(np.sqrt(difference @ np.linalg.pinv(covariance) @ difference))


def _blocks(plane: FloatArray, side: int) -> FloatArray:
    """(blocks, side, side), row by row."""
    rows, columns = plane.shape[0] // side, plane.shape[1] // side
    return np.ascontiguousarray(plane.reshape(rows, side, columns, side).swapaxes(1, 2)).reshape(-1, side, side)


def _features(blocks: FloatArray) -> FloatArray:
    """The 18 features (blocks, 18) of one scale."""
    shape, left, right = _scaled_fit(blocks)
    columns = [shape, (left + right) / 2]
    for shift in _SHIFTS:
        shape, left, right = _scaled_fit(blocks * np.roll(blocks, shift, axis=(1, 2)))
        columns += [shape, (right - left) * gamma_ratio(2, 1, shape), left, right]
    return np.stack(columns, axis=1)


def _scaled_fit(blocks: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Shape, left and right scale (beta) of each block."""
    shape, left, right = fit_asymmetric(blocks.reshape(len(blocks), -1))
    scale = np.sqrt(gamma_ratio(1, 3, shape))
    return shape, left * scale, right * scale


class NIQE(FrameMetric):
    """NIQE per frame. Few blocks (frames below 192x192) give a poor estimate; compare only frames of equal size."""

    def __init__(self, facts: MetricFacts, crop: int, luma: LumaKind) -> None:
        super().__init__(facts, smallest_side=2 * crop + BLOCK)
        self._crop = crop
        self._luma = luma

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        scorer = super().start(clip)
        if ((clip.height - 2 * self._crop) // BLOCK) * ((clip.width - 2 * self._crop) // BLOCK) < _FEWEST_BLOCKS:
            size = f"{clip.width}x{clip.height}"
            raise InputError(
                f"metric {self.facts.name} needs at least two whole {BLOCK}x{BLOCK} blocks, but frames of {size} have one"
            )
        return scorer

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        found = [block_features(plane.astype(np.float64)) for plane in cropped(rounded_luma(restored, self._luma), self._crop)]
        return ChunkScores([niqe(features) for features, _ in found], {"flat_share": [share for _, share in found]})


# Revision 2: luma that lies exactly between two levels is rounded to the even one, on every processor.
_VARIANTS: tuple[tuple[str, LumaKind, int, str], ...] = (
    ("niqe.pyiqa", "full", 2, "full-range BT.601 luma, as pyiqa's niqe"),
    ("niqe.live", "matlab-gray", 1, "MATLAB's rgb2gray, as the LIVE release"),
    ("niqe.y", "limited", 2, "limited-range BT.601 luma, as basicsr"),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    return tuple(
        Variant(
            MetricFacts(
                name=name,
                title="NIQE",
                direction="lower",
                needs_reference=False,
                per_frame=True,
                digits=2,
                revision=revision,
                definition=f"{convention}, rounded; 96x96 blocks at two scales; LIVE model; float64; mean over frames",
                license=LICENSE,
                files={MODEL: model_sha256(MODEL)},
                bounds=(0.0, None),
            ),
            "mgld_bench.metrics.natural.niqe:NIQE",
            {"luma": luma},
        )
        for name, luma, revision, convention in _VARIANTS
    )
