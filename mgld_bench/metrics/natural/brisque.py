"""BRISQUE on the LIVE model, in float64, in its variants.

A. Mittal, A. K. Moorthy, A. C. Bovik: No-Reference Image Quality Assessment in the Spatial Domain. IEEE Transactions on Image
Processing, 2012.
"""

from __future__ import annotations

import numpy as np

from mgld_bench.clips.bicubic import scale_bicubic
from mgld_bench.metrics.fidelity.luma import FloatArray, LumaKind, rounded_luma
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric
from mgld_bench.metrics.metric import Chunk, MetricFacts, Variant
from mgld_bench.metrics.natural.statistics import (
    LICENSE,
    fit_asymmetric,
    fit_symmetric,
    flat_share,
    gamma_ratio,
    load_model,
    model_sha256,
    normalise,
)

MODEL = "brisque_live.npz"
_SHIFTS = ((0, 1), (1, 0), (1, 1), (-1, 1))
_SMALLEST_SIDE = 16


def picture_features(plane: FloatArray) -> tuple[FloatArray, float]:
    """The features of a plane (height, width) float64 luma, 0..255, rounded.

    Returns:
        (36,) features, not yet scaled, and the flat share; see flat_share().
    """
    normalised = normalise(plane, "zero")
    half = scale_bicubic(plane, 0.5)
    return np.array(_features(normalised) + _features(normalise(half, "zero"))), flat_share(normalised)


def brisque(features: FloatArray) -> float:
    """The score of features (36,) by LIVE's support vector machine; NaN where one of them is NaN."""
    model = load_model(MODEL)
    low, high = model["feature_min"], model["feature_max"]
    scaled = 2 * (features - low) / (high - low) - 1
    distances = np.square(model["support_vectors"] - scaled).sum(axis=1)
    return float(model["coefficients"] @ np.exp(-model["gamma"] * distances) - model["rho"])


def _features(normalised: FloatArray) -> list[float]:
    """The 18 features of one scale."""
    shape, variance = fit_symmetric(normalised.reshape(1, -1))
    features = [shape, variance]
    for shift in _SHIFTS:
        product = normalised * np.roll(normalised, shift, axis=(0, 1))
        shape, left, right = fit_asymmetric(product.reshape(1, -1))
        mean = (right - left) * gamma_ratio(2, 1, shape) * np.sqrt(gamma_ratio(1, 3, shape))
        features += [shape, mean, left**2, right**2]
    return [float(feature[0]) for feature in features]


class BRISQUE(FrameMetric):
    """BRISQUE per frame."""

    def __init__(self, facts: MetricFacts, luma: LumaKind) -> None:
        super().__init__(facts, _SMALLEST_SIDE)
        self._luma = luma

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        found = [picture_features(plane) for plane in rounded_luma(restored, self._luma)]
        return ChunkScores([brisque(features) for features, _ in found], {"flat_share": [share for _, share in found]})


_REVISION = 2
"""2: the second scale of a frame with an odd side, and luma that lies exactly between two levels."""
_VARIANTS: tuple[tuple[str, LumaKind, str], ...] = (
    ("brisque.pyiqa", "full", "full-range BT.601 luma, as pyiqa's brisque"),
    ("brisque.live", "matlab-gray", "MATLAB's rgb2gray, as the LIVE release"),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    how = "zero padding; two scales; LIVE support vector machine; float64; mean over frames"
    return tuple(
        Variant(
            MetricFacts(
                name=name,
                title="BRISQUE",
                direction="lower",
                needs_reference=False,
                per_frame=True,
                digits=2,
                revision=_REVISION,
                definition=f"{convention}, rounded; {how}",
                license=LICENSE,
                files={MODEL: model_sha256(MODEL)},
            ),
            "mgld_bench.metrics.natural.brisque:BRISQUE",
            {"luma": luma},
            croppable=False,
        )
        for name, luma, convention in _VARIANTS
    )
