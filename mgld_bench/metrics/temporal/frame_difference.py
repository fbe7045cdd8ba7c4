"""How much more or less a restored clip changes from frame to frame than the ground truth, without any warping."""

from __future__ import annotations

from mgld_bench.metrics.metric import MetricFacts, Variant


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
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
    )
    loader = "mgld_bench.metrics.temporal.frame_difference_metric:FrameDifference"
    return (Variant(facts, loader, croppable=False, on_device=True),)
