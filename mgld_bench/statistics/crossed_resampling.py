"""How far a figure of votes would vary with other participants and other clips: resampling over both.

A vote has two parents: who voted, and on which clip. Votes of one participant are alike, and so are votes on one clip, so neither
can be resampled as if it were alone. The figure is computed anew with random weights: one for each participant, one for each
clip, and one for each participant on each clip. The variance of the first two together counts what a participant does on a clip
twice, so that the third is subtracted (Cameron, Gelbach and Miller 2011; Owen 2007 for resampling).

The weights are exponential with mean and variance 1 (Rubin's Bayesian bootstrap), so that none is 0: a pair of methods, or the
only vote that a method lost, is in every resample, and what has a finite estimate has one in all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np

from mgld_bench.statistics.choices import Choices, Integers, Numbers
from mgld_bench.statistics.student import t_quantile

RESAMPLES: Final = 1000
"""Of participants, of clips, and of both: the deviation is known to 2 %."""
FEWEST: Final = 3
"""Participants, or clips, below which these are not resampled: two say nothing of their spread."""
Over = Literal["participants and clips", "participants", "clips"]
Figure = Callable[[Numbers], Numbers]
"""Weights of all votes, (resamples, votes), to figures, (resamples, figures)."""
_SEED: Final = 20240807
_LARGEST: Final = 4_000_000
"""Numbers of an array of weights that are held at once."""


@dataclass(frozen=True)
class Spread:
    """Standard deviations of figures over other participants and clips."""

    deviations: Numbers
    """(figures,)."""
    over: Over
    freedom: int
    """Degrees of freedom: of participants or clips, the fewer, less 1."""

    @property
    def reach(self) -> float:
        """So many deviations to either side make an interval of 95 %."""
        return t_quantile(0.975, self.freedom)


def resampled_over(choices: Choices) -> Over | None:
    """What of these votes can be resampled; None: there are fewer than FEWEST participants, and fewer than FEWEST clips."""
    people, clips = len(np.unique(choices.participants)), len(np.unique(choices.clips))
    if people >= FEWEST:
        return "participants and clips" if clips >= FEWEST else "participants"
    return "clips" if clips >= FEWEST else None


def crossed_spread(choices: Choices, figure: Figure, resamples: int = RESAMPLES) -> Spread | None:
    """How far ``figure`` varies; None where there are too few participants and too few clips. The seed is fixed.

    Args:
        choices: the votes.
        figure: computes the figures of weighted votes.
        resamples: how many of each kind.
    """
    over = resampled_over(choices)
    if over is None:
        return None
    person, clip = _numbered(choices.participants), _numbered(choices.clips)
    counts = {"participants": int(person.max()) + 1, "clips": int(clip.max()) + 1}
    parts = {"participants": person, "clips": clip}
    if over != "participants and clips":
        return Spread(np.sqrt(_variance(parts[over], figure, resamples)), over, counts[over] - 1)
    of_people, of_clips = (_variance(part, figure, resamples) for part in (person, clip))
    of_both = _variance(_numbered(person * counts["clips"] + clip), figure, resamples)
    # The difference may come out too small by chance: it is never less than either alone.
    variance = np.maximum(of_people + of_clips - of_both, np.maximum(of_people, of_clips))
    return Spread(np.sqrt(variance), over, min(counts.values()) - 1)


def _numbered(values: Integers) -> Integers:
    """Equal values get equal numbers, from 0 without gaps."""
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _variance(of: Integers, figure: Figure, resamples: int) -> Numbers:
    """The variance of the figures where votes that are equal in ``of`` share their weight."""
    random = np.random.default_rng(_SEED)
    step, count = max(1, _LARGEST // len(of)), int(of.max()) + 1
    found = [figure(random.exponential(1.0, (min(step, resamples - start), count))[:, of]) for start in range(0, resamples, step)]
    # Such weights give a mean of n values the variance s² / (n + 1), with s² the mean square around the mean; without bias, it
    # would be s² / (n - 1), which matters where there are few.
    few = (count + 1) / (count - 1)
    return np.asarray(np.concatenate(found).var(axis=0, ddof=1) * few, dtype=np.float64)
