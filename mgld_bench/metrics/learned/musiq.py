"""MUSIQ.

Ke et al., MUSIQ: Multi-scale Image Quality Transformer, ICCV 2021.
"""

from __future__ import annotations

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.pyiqa.package import why_not_installed
from mgld_bench.metrics.weight_files import weight_file


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
        name="musiq.koniq",
        title="MUSIQ",
        direction="higher",
        needs_reference=False,
        per_frame=True,
        digits=2,
        revision=1,
        definition="trained on KonIQ-10k, as pyiqa's musiq; scales 224, 384 and full size; 8-bit RGB, float32; mean over frames",
        license="PolyForm-Noncommercial-1.0.0 (the network's code, in pyiqa), Apache-2.0 (weights)",
        weights={"network": weight_file("musiq-koniq")},
    )
    loader = "mgld_bench.metrics.learned.musiq_metric:load_musiq"
    return (Variant(facts, loader, on_device=True, why_unavailable=why_not_installed),)
