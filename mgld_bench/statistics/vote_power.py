"""What a pairwise study can show: the preference that so many votes detect, and the votes that a preference needs.

Votes of one participant resemble each other, and so do votes on one clip: both are clusters, which cross. With ``m`` votes per
participant and per clip, and intraclass correlations ``r`` (the correlation of two votes of the same participant, or on the same
clip), n votes are worth n / (1 + (m_participant - 1) r_participant + (m_clip - 1) r_clip) independent ones: the variance of their
mean, exactly so where every cluster has the same size. A preference is the share of votes for one method, a tie counted as half a
vote for each. The test is the two-sided one of a share against one half, on the arcsine scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import Final

from mgld_bench.statistics.power import POWER

_NORMAL: Final = NormalDist()


@dataclass(frozen=True)
class Clustering:
    """How much votes resemble each other: intraclass correlations from 0 to 1."""

    participant: float
    """Of two votes of one participant on one pair of methods."""
    clip: float
    """Of two votes on one clip and pair of methods."""


@dataclass(frozen=True)
class VoteDesign:
    """The votes on one pair of methods."""

    participants: float
    """How many give votes on it."""
    votes_each: float
    """Votes of one of them; 1 or more."""
    clips: float
    """On how many clips."""

    @property
    def votes(self) -> float:
        """All of them."""
        return self.participants * self.votes_each


def effective_votes(design: VoteDesign, clustering: Clustering) -> float:
    """How many independent votes those of the design are worth."""
    inflation = (
        1.0
        + max(0.0, design.votes_each - 1.0) * clustering.participant
        + max(0.0, design.votes / design.clips - 1.0) * clustering.clip
    )
    return design.votes / inflation


def detectable_preference(effective: float, level: float) -> float | None:
    """The smallest preference above 0.5 that is found in 4 of 5 studies; None where not even unanimous votes show anything.

    Args:
        effective: Independent votes, see `effective_votes`.
        level: p at most this counts as shown; for m pairs of methods together, 0.05 / m is on the safe side of Holm.
    """
    # Unanimous votes have p = 2 * 0.5**n in the sign test.
    if 2.0 * 0.5**effective > level:
        return None
    effect = _needed(level) / math.sqrt(effective)
    return None if effect >= math.pi / 2 else 0.5 + 0.5 * math.sin(effect)


def votes_needed(preference: float, level: float) -> float:
    """Independent votes with which a preference (above 0.5, up to 1) is found in 4 of 5 studies; see `detectable_preference`."""
    effect = 2.0 * math.asin(math.sqrt(preference)) - math.pi / 2
    unanimous = math.log2(2.0 / level)
    return max(unanimous, (_needed(level) / effect) ** 2)


def participants_needed(preference: float, design: VoteDesign, clustering: Clustering, level: float) -> int | None:
    """How many participants find a preference in 4 of 5 studies, each with as many votes on as many clips as in ``design``.

    None where no number does: votes on few clips resemble each other too much, and more clips are needed.
    """
    needed = votes_needed(preference, level)
    # n / (a + (n / clips - 1) r) >= needed, solved for n; from one vote per clip on.
    share = 1.0 - needed * clustering.clip / design.clips
    fixed = 1.0 + (design.votes_each - 1.0) * clustering.participant
    few = needed * fixed
    if few <= design.clips:
        return math.ceil(round(few / design.votes_each, 9))
    if share <= 0:
        return None
    return math.ceil(round(needed * (fixed - clustering.clip) / share / design.votes_each, 9))


def _needed(level: float) -> float:
    """The noncentrality that a two-sided test needs: the chance of the wrong sign is too small to count."""
    return _NORMAL.inv_cdf(1 - level / 2) + _NORMAL.inv_cdf(POWER)
