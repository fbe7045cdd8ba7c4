"""DISTS.

Ding et al., Image Quality Assessment: Unifying Structure and Texture Similarity, IEEE TPAMI 2020.
"""

from __future__ import annotations

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
        name="dists",
        title="DISTS",
        direction="lower",
        needs_reference=True,
        per_frame=True,
        digits=4,
        revision=1,
        definition="VGG16 with L2 pooling, as pyiqa's dists; 8-bit RGB at full size, not resized; float32; mean over frames",
        license="MIT (alpha and beta), BSD-3-Clause (backbone)",
        weights={"backbone": weight_file("vgg16"), "linear": weight_file("dists")},
        bounds=(0.0, None),
    )
    return (Variant(facts, "mgld_bench.metrics.learned.feature_distance:dists_metric", on_device=True),)
