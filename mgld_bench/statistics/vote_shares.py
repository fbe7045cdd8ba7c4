"""How often one method was preferred to another, with an interval and a test for votes of few people on few clips.

Votes are not independent: those of one participant share a taste, those on one clip its content. Both count here. The interval is
Wilson's, with as many votes as would be worth as much if they were independent (the effective number, from the variance over
resamples), and Student's quantile for the number of participants or clips. Korn and Graubard (1998) do so for Clopper-Pearson.
It stays within 0 and 1, and does not shrink to nothing where all votes agree.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from mgld_bench.statistics.choices import FIRST, SECOND, TIE, Choices, Integers, Numbers
from mgld_bench.statistics.crossed_resampling import FEWEST, crossed_spread, resampled_over
from mgld_bench.statistics.sign_flips import sign_flip_p
from mgld_bench.statistics.student import t_quantile

_SAME: Final = 1e-9


@dataclass(frozen=True)
class VoteShare:
    """How often the first of two methods was preferred: votes for it, and half of the ties, of all votes."""

    wins: int
    ties: int
    losses: int
    share: float
    interval: tuple[float, float] | None
    """95 %; None where neither participants nor clips are enough to know anything of others."""
    effective: float | None
    """So many independent votes would say as much; None where all votes agree, which says nothing of how they depend."""
    participants: int
    clips: int

    @property
    def count(self) -> int:
        """All votes."""
        return self.wins + self.ties + self.losses


def vote_share(choices: Choices, first: int, second: int) -> VoteShare | None:
    """How often ``first`` was preferred to ``second``; None where there are no votes between them."""
    between = choices.between(first, second)
    if not len(between):
        return None
    value = between.preference
    share = float(value.mean())
    people, clips = len(np.unique(between.participants)), len(np.unique(between.clips))
    wins, ties, losses = (int(np.count_nonzero(between.outcome == each)) for each in (FIRST, TIE, SECOND))
    over = resampled_over(between)
    effective, interval = None, None
    if over is not None:
        fewer = min(count for count, name in ((people, "participants"), (clips, "clips")) if name in over)
        spread = crossed_spread(between, lambda weights: (weights @ value / weights.sum(axis=1))[:, np.newaxis])
        if np.ptp(value) > _SAME and spread is not None:
            effective = max(1.0, share * (1 - share) / float(spread.deviations[0]) ** 2)
        # Where all votes agree, nothing shows how alike those of one participant or clip are: as if they were one vote each.
        interval = _wilson(share, float(fewer) if effective is None else effective, fewer - 1)
    return VoteShare(wins, ties, losses, share, interval, effective, people, clips)


def preference_p(choices: Choices, first: int, second: int) -> float:
    """The two-sided p of the preference between two methods, for other participants and for other clips; no votes: 1.

    The largest of three: by sign flips over participants (each one's votes for the first less those for the second keep or turn
    their sign together), the same over clips, and a normal test of their sum with the variance of both at once, around 0
    (Cameron, Gelbach and Miller 2011). The first two are exact but know one source of chance each; the third knows both, but is
    no test for very few. A side that has fewer than three is left out.
    """
    between = choices.between(first, second)
    if not len(between):
        return 1.0
    value = between.outcome.astype(np.float64)
    by_person, by_clip = _sums(between.participants, value), _sums(between.clips, value)
    enough = [sums for sums in (by_person, by_clip) if len(sums) >= FEWEST]
    found = [sign_flip_p(list(sums)) for sums in enough]
    if len(enough) == 2:
        both = between.participants * (int(between.clips.max()) + 1) + between.clips
        variance = _squares(by_person) + _squares(by_clip) - _squares(_sums(both, value))
        total = abs(float(value.sum()))
        # A negative estimate of a variance is none: the larger of its parts stands for it.
        variance = max(variance, _squares(by_person), _squares(by_clip))
        found.append(math.erfc(total / math.sqrt(2 * variance)) if variance > 0 else 1.0)
    return min(1.0, max(found, default=1.0))


def _sums(of: Integers, value: Numbers) -> Numbers:
    """The sums of ``value`` by what is equal in ``of``."""
    _, place = np.unique(of, return_inverse=True)
    return np.bincount(place, weights=value).astype(np.float64)


def _squares(values: Numbers) -> float:
    return float((values**2).sum())


def _wilson(share: float, votes: float, freedom: int) -> tuple[float, float]:
    z = t_quantile(0.975, freedom)
    middle = (share + z * z / (2 * votes)) / (1 + z * z / votes)
    half = z / (1 + z * z / votes) * math.sqrt(share * (1 - share) / votes + z * z / (4 * votes * votes))
    return max(0.0, middle - half), min(1.0, middle + half)
