"""DOVER's variants: what they are, and how raw scores become them. The computation, which needs PyTorch, is in metric.py.

H. Wu et al.: Exploring Video Quality Assessment on User Generated Contents from Aesthetic and Technical Perspectives. ICCV 2023.
The fusion is fuse_results of evaluate_one_video.py in VQAssessment/DOVER; its constants come from the authors' LSVQ data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from mgld_bench.metrics.metric import MetricFacts, Variant
from mgld_bench.metrics.weight_files import weight_file

Reported = Literal["fused", "technical", "aesthetic"]


@dataclass(frozen=True)
class Branch:
    """How the raw scores of a branch are standardised, and their weight in the fused score."""

    centre: float
    scale: float
    weight: float


TECHNICAL = Branch(centre=0.1107, scale=0.07355, weight=0.6104)
AESTHETIC = Branch(centre=-0.08285, scale=0.03774, weight=0.3896)


@dataclass(frozen=True)
class DoverScores:
    """DOVER's scores of a clip; higher is better."""

    technical_raw: float
    """The mean of the technical branch's map."""
    aesthetic_raw: float
    """The mean of the aesthetic branch's map."""
    technical: float
    """0..1"""
    aesthetic: float
    """0..1"""
    fused: float
    """0..1; what papers call DOVER."""

    def of(self, reported: Reported) -> float:
        """The score of this name."""
        return {"technical": self.technical, "aesthetic": self.aesthetic, "fused": self.fused}[reported]


def fuse(technical_raw: float, aesthetic_raw: float, technical: Branch = TECHNICAL, aesthetic: Branch = AESTHETIC) -> DoverScores:
    """All scores from the raw ones: sigmoids of the standardised raw scores, and of their weighted sum.

    >>> scores = fuse(technical_raw=0.1107, aesthetic_raw=-0.08285)
    >>> scores.technical, scores.aesthetic, scores.fused
    (0.5, 0.5, 0.5)
    """
    t = (technical_raw - technical.centre) / technical.scale
    a = (aesthetic_raw - aesthetic.centre) / aesthetic.scale
    # Here, because lists of metrics do without it.
    from scipy.special import expit

    return DoverScores(
        technical_raw=technical_raw,
        aesthetic_raw=aesthetic_raw,
        technical=float(expit(t)),
        aesthetic=float(expit(a)),
        fused=float(expit(technical.weight * t + aesthetic.weight * a)),
    )


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
                bounds=(0.0, 1.0),
            ),
            "mgld_bench.metrics.dover.metric:Dover",
            {"reported": reported},
            croppable=False,
            on_device=True,
        )
        for reported, definition in definitions.items()
    )
