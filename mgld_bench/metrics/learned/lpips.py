"""LPIPS in its variants.

Zhang et al., The Unreasonable Effectiveness of Deep Features as a Perceptual Metric, CVPR 2018.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

from mgld_bench.metrics.metric import Metric, MetricFacts
from mgld_bench.metrics.variant import Variant
from mgld_bench.metrics.weight_files import weight_file


def variants() -> tuple[Variant, ...]:
    """The variants of this file."""
    return (
        _variant("alex", "alexnet", "AlexNet, as pyiqa's lpips and most papers on super-resolution"),
        _variant("vgg", "vgg16", "VGG16, as pyiqa's lpips-vgg"),
    )


def _variant(backbone: Literal["alex", "vgg"], weights: str, network: str) -> Variant:
    facts = MetricFacts(
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
    )
    return Variant(facts, partial(_build, backbone))


def _build(backbone: Literal["alex", "vgg"], facts: MetricFacts, crop: int, device: str) -> Metric:
    from mgld_bench.metrics.learned.feature_distance import lpips_metric

    return lpips_metric(backbone, facts, crop, device)
