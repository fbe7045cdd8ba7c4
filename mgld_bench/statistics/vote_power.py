"""What a pairwise study can show: the preference that so many votes detect, and the participants that a preference needs.

Votes of one participant resemble each other, and so do votes on one clip: both are clusters, which cross. With m votes of each
participant and k on each clip, and intraclass correlations r (of two votes of one participant, or on one clip), n votes are worth
n / (1 + (m - 1) r_participant + (k - 1) r_clip) independent ones: the variance of their mean, exactly so where every cluster has
the same size. A preference is the share of votes for one method, a tie counted as half a vote for each. The test is that of
`mgld_bench.statistics.vote_shares`: two-sided, with Student's quantile for participants or clips, the fewer, less 1.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Final

from mgld_bench.statistics.crossed_resampling import FEWEST
from mgld_bench.statistics.power import POWER
from mgld_bench.statistics.student import t_quantile

MOST_PARTICIPANTS: Final = 10_000
_STEPS: Final = 40
_LARGEST: Final = 1 - 1e-6
"""Of a preference: at 1, votes do not vary."""


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
    """How many give votes on it; an average where not everybody is asked."""
    votes_each: float
    """Votes of one of them; 1 or more."""
    clips: int
    """On how many clips."""

    @property
    def votes(self) -> float:
        """All of them."""
        return self.participants * self.votes_each

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the test; 0 where neither participants nor clips are enough for one."""
        clusters = [count for count in (int(self.participants), self.clips) if count >= FEWEST]
        return min(clusters) - 1 if clusters else 0


def effective_votes(design: VoteDesign, clustering: Clustering) -> float:
    """How many independent votes those of the design are worth."""
    inflation = (
        1.0
        + max(0.0, design.votes_each - 1.0) * clustering.participant
        + max(0.0, design.votes / design.clips - 1.0) * clustering.clip
    )
    return design.votes / inflation


def power(preference: float, design: VoteDesign, clustering: Clustering, level: float) -> float:
    """The share of studies that show a preference (above 0.5).

    Args:
        preference: The true one, from 0.5 to 1.
        design: The votes on a pair of methods.
        clustering: How much they resemble each other.
        level: p at most this counts as shown; for m pairs of methods together, 0.05 / m is on the safe side of Holm.
    """
    from scipy import special

    if not design.freedom:
        return 0.0
    share = min(preference, _LARGEST)
    critical = t_quantile(1 - level / 2, design.freedom)
    deviation = 2 * math.sqrt(share * (1 - share))
    centre = (2 * share - 1) * math.sqrt(effective_votes(design, clustering))
    # The chance of a significant preference for the wrong method is too small to count.
    shown = 1.0 - float(special.nctdtr(design.freedom, centre / deviation, critical / deviation))
    # Unanimous votes say nothing of how they depend, and count as one per participant or clip, the fewer.
    unanimous = share**design.votes
    return max(0.0, shown - unanimous) if math.sqrt(design.freedom + 1) < critical else shown


def detectable_preference(design: VoteDesign, clustering: Clustering, level: float) -> float | None:
    """The smallest preference above 0.5 that is found in 4 of 5 studies; None where no preference is. Arguments as `power`."""
    found = [share for share in _shares() if power(share, design, clustering, level) >= POWER]
    if not found:
        return None
    low, high = max(0.5, found[0] - 0.01), found[0]
    for _ in range(_STEPS):
        middle = (low + high) / 2
        low, high = (low, middle) if power(middle, design, clustering, level) >= POWER else (middle, high)
    return high


def participants_needed(preference: float, design: VoteDesign, clustering: Clustering, level: float) -> int | None:
    """The fewest participants that find a preference in 4 of 5 studies, with as many votes each and clips as in ``design``.

    None where not even MOST_PARTICIPANTS do: votes on few clips resemble each other too much, and more clips are needed.
    """

    def found(participants: int) -> bool:
        return power(preference, replace(design, participants=participants), clustering, level) >= POWER

    low, high = 0, MOST_PARTICIPANTS
    if not found(high):
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if found(middle) else (middle, high)
    return high


def _shares() -> list[float]:
    return [0.5 + index / 100 for index in range(1, 50)]
