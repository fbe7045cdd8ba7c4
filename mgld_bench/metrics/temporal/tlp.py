"""tLP: how far a restored clip's perceived change from frame to frame is from that of the ground truth.

Source: TecoGAN, see temporal_crop.py.
"""

from __future__ import annotations

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file

SCALE = 100.0


def temporal_lpips(truth: float, restored: float, scale: float = SCALE) -> float:
    """``scale`` times the difference of two distances (LPIPS) of neighbouring frames."""
    return scale * abs(truth - restored)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
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
    )
    loader = "mgld_bench.metrics.temporal.tlp_metric:load_temporal_lpips"
    return (Variant(facts, loader, croppable=False, on_device=True),)
