"""LPIPS in its variants.

Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018.
"""

from __future__ import annotations

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file

_VARIANTS = (
    ("alex", "alexnet", "AlexNet, as pyiqa's lpips and most papers on super-resolution"),
    ("vgg", "vgg16", "VGG16, as pyiqa's lpips-vgg"),
)


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    return tuple(
        Variant(
            MetricFacts(
                name=f"lpips.{backbone}",
                title="LPIPS",
                direction="lower",
                needs_reference=True,
                per_frame=True,
                digits=4,
                revision=1,
                definition=f"{network}; version 0.1 with its linear layers; 8-bit RGB at full size, float32; mean over frames",
                license="BSD-2-Clause (linear layers), BSD-3-Clause (backbone)",
                weights={"backbone": weight_file(weights), "linear": weight_file(f"lpips-{backbone}-linear")},
                bounds=(0.0, None),
            ),
            "mgld_bench.metrics.learned.feature_distance:lpips_metric",
            {"backbone": backbone},
            on_device=True,
        )
        for backbone, weights, network in _VARIANTS
    )
