"""The metrics that compare how a restored clip and the ground truth change over time."""

from __future__ import annotations

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    return (
        Variant(
            _frame_difference(),
            "mgld_bench.metrics.temporal.frame_difference:FrameDifference",
            croppable=False,
            on_device=True,
        ),
        Variant(_tof(), "mgld_bench.metrics.temporal.tof:TemporalFlow", croppable=False),
        Variant(_tlp(), "mgld_bench.metrics.temporal.tlp:load_temporal_lpips", croppable=False, on_device=True),
    )


def _frame_difference() -> MetricFacts:
    return MetricFacts(
        name="frame-difference.rgb",
        title="Frame difference",
        direction="lower",
        needs_reference=True,
        per_frame=True,
        digits=4,
        revision=1,
        definition=(
            "MGLD-VSR's: mean |change from frame i-1 to i of the clip - that of the ground truth| over pixels and RGB, -1..1; "
            "no warping; mean over pairs"
        ),
        needs_neighbours=True,
        bounds=(0.0, None),
    )


def _tof() -> MetricFacts:
    return MetricFacts(
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
        bounds=(0.0, None),
    )


def _tlp() -> MetricFacts:
    return MetricFacts(
        name="tlp.alex",
        title="tLP",
        direction="lower",
        needs_reference=True,
        per_frame=True,
        digits=3,
        revision=1,
        definition=(
            "TecoGAN's: |LPIPS of frames i-1 and i of the ground truth - that of the clip| times 100; AlexNet, version 0.1; "
            "without the first and last 2 frames and a margin of at least 8 pixels; mean over pairs"
        ),
        license="BSD-2-Clause (linear layers), BSD-3-Clause (backbone)",
        weights={"backbone": weight_file("alexnet"), "linear": weight_file("lpips-alex-linear")},
        needs_neighbours=True,
        bounds=(0.0, None),
    )
