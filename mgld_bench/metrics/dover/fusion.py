"""From DOVER's raw scores to scores between 0 and 1.

Source: VQAssessment/DOVER, fuse_results of evaluate_one_video.py. The constants come from the authors' LSVQ data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from scipy.special import expit

Reported = Literal["fused", "technical", "aesthetic"]


@dataclass(frozen=True)
class Branch:
    """How the raw scores of a branch lie, and what it counts in the fused score."""

    centre: float
    scale: float
    weight: float


TECHNICAL = Branch(centre=0.1107, scale=0.07355, weight=0.6104)
AESTHETIC = Branch(centre=-0.08285, scale=0.03774, weight=0.3896)


@dataclass(frozen=True)
class DoverScores:
    """Scores of a clip; higher is better."""

    technical_raw: float
    """The mean of the technical map."""
    aesthetic_raw: float
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
    """The scores: sigmoids of the standardised raw scores, and of their weighted sum."""
    t = (technical_raw - technical.centre) / technical.scale
    a = (aesthetic_raw - aesthetic.centre) / aesthetic.scale
    return DoverScores(
        technical_raw=technical_raw,
        aesthetic_raw=aesthetic_raw,
        technical=float(expit(t)),
        aesthetic=float(expit(a)),
        fused=float(expit(technical.weight * t + aesthetic.weight * a)),
    )
