"""DOVER in its variants: what they are. The computation, which needs PyTorch, is in dover_metric.

H. Wu et al.: Exploring Video Quality Assessment on User Generated Contents from Aesthetic and Technical Perspectives. ICCV 2023.
"""

from __future__ import annotations

from mgld_bench.metrics.dover.fusion import AESTHETIC, TECHNICAL
from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file

_T = f"t = (technical raw - {TECHNICAL.centre}) / {TECHNICAL.scale}"
_A = f"a = (aesthetic raw + {-AESTHETIC.centre}) / {AESTHETIC.scale}"
_FRAGMENTS = (
    "technical view: 3 clips of 32 frames, every second one, as 7x7 fragments of 32x32 whose places are drawn with a seed: "
    "the CRC-32 of the clip's name (numpy RandomState for frames, torch.Generator for places)"
)
_WHOLE = "aesthetic view: 32 frames over the whole clip, bilinear to 224x224 without anti-aliasing"
_HOW = "8-bit RGB; float32; one draw"


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    fused = f"sigmoid({TECHNICAL.weight} t + {AESTHETIC.weight} a), {_T}, {_A}; {_FRAGMENTS}; {_WHOLE}; {_HOW}"
    definitions = {
        "fused": fused,
        "technical": f"sigmoid(t), {_T}; {_FRAGMENTS}; {_HOW}",
        "aesthetic": f"sigmoid(a), {_A}; {_WHOLE}; {_HOW}",
    }
    return tuple(
        Variant(
            MetricFacts(
                name=f"dover.{reported}",
                title="DOVER",
                direction="higher",
                needs_reference=False,
                per_frame=False,
                digits=4,
                revision=1,
                definition=definition,
                license="code and weights: S-Lab License 1.0, non-commercial use only",
                weights={"dover": weight_file("dover")},
                shown_facts=("seed",),
            ),
            "mgld_bench.metrics.dover.metric:Dover",
            {"reported": reported},
            croppable=False,
            on_device=True,
        )
        for reported, definition in definitions.items()
    )
