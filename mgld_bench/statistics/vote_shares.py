"""How often one method was preferred to another, with an interval and a test for votes of few people on few clips.

Votes are not independent: those of one participant share a taste, those on one clip its content. Both count here, in the variance
of the share (Cameron, Gelbach and Miller 2011: the sums by participant, plus those by clip, less those by both, each with the
correction for few clusters). The interval is Wilson's, with as many votes as would be worth as much if they were independent, and
Student's quantile for the number of participants or clips, the fewer, less 1; Korn and Graubard (1998) do so for Clopper-Pearson.
It stays within 0 and 1, and does not shrink to nothing where all votes agree. p is that at which the interval would just reach
one half, so that the two never contradict each other.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from mgld_bench.statistics.choices import FIRST, SECOND, TIE, Choices, Integers, Numbers
from mgld_bench.statistics.crossed_resampling import FEWEST, Over, resampled_over
from mgld_bench.statistics.student import t_below, t_quantile


@dataclass(frozen=True)
class VoteShare:
    """How often the first of two methods was preferred: votes for it, and half of the ties, of all votes."""

    wins: int
    ties: int
    losses: int
    share: float
    interval: tuple[float, float] | None
    """95 %; None where neither participants nor clips are enough to know anything of others."""
    p: float | None
    """Two-sided, of no preference; None without an interval."""
    effective: float | None
    """So many independent votes would say as much; None where all votes agree, which says nothing of how they depend."""
    participants: int
    clips: int
    over: Over | None
    """What interval and p stand for: other participants, other clips, or both."""

    @property
    def count(self) -> int:
        """All votes."""
        return self.wins + self.ties + self.losses


def vote_share(choices: Choices, first: int, second: int) -> VoteShare | None:
    """How often ``first`` was preferred to ``second``; None where there are no votes between them."""
    return share_of_first(choices.between(first, second))


def share_of_first(between: Choices) -> VoteShare | None:
    """How often the first method of each of these votes was preferred to the second; None for no votes."""
    if not len(between):
        return None
    value = between.preference
    share = float(value.mean())
    people, clips = len(np.unique(between.participants)), len(np.unique(between.clips))
    effective, interval, p = None, None, None
    over = resampled_over(between)
    if over is not None:
        freedom = min(count for count, name in ((people, "participants"), (clips, "clips")) if name in over) - 1
        variance = _variance(between, value - share)
        effective = max(1.0, share * (1 - share) / variance) if variance > 0 else None
        # Where all votes agree, nothing shows how alike those of one participant or clip are: as if they were one vote each.
        worth = float(freedom + 1) if effective is None else effective
        interval = _wilson(share, worth, freedom)
        p = min(1.0, 2 * t_below(-abs(share - 0.5) * 2 * math.sqrt(worth), freedom))
    wins, ties, losses = (int(np.count_nonzero(between.outcome == each)) for each in (FIRST, TIE, SECOND))
    return VoteShare(wins, ties, losses, share, interval, p, effective, people, clips, over)


def _variance(choices: Choices, deviation: Numbers) -> float:
    """Of the mean; participants, or clips, that are fewer than FEWEST say nothing of others and are left out."""
    both = choices.participants * (int(choices.clips.max()) + 1) + choices.clips
    sums = [_sums(of, deviation) for of in (choices.participants, choices.clips)]
    parts = [_squares(each) * len(each) / (len(each) - 1) for each in sums if len(each) >= FEWEST]
    together = sum(parts) - _squares(_sums(both, deviation)) if len(parts) == 2 else 0.0
    # The difference may come out too small by chance: it is never less than either alone.
    found = max(together, *parts)
    return found / len(deviation) ** 2 if found > len(deviation) * 1e-12 else 0.0


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
    # At the ends, rounding would leave a vote's share outside of its own interval.
    return (0.0 if share == 0 else max(0.0, middle - half)), (1.0 if share == 1 else min(1.0, middle + half))
