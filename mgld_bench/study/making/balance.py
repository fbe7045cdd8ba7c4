"""How balanced a schedule is: how often each pair of methods is asked, on which sides, on how many clips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.study.votes import Trial


@dataclass(frozen=True)
class PairBalance:
    """How often one pair of methods is asked, repeats not counted."""

    first: str
    second: str
    votes: int
    first_left: int
    """How often the first of the two is on the left."""
    clips: int
    """On how many clips."""


@dataclass(frozen=True)
class Balance:
    """What all participants together are asked."""

    pairs: tuple[PairBalance, ...]
    per_clip: tuple[int, int]
    """The fewest and the most votes on a clip."""
    per_cell: tuple[int, int]
    """The fewest and the most votes on a pair of methods on a clip; 0 where some are never asked."""
    nearest_repeat: int | None
    """The fewest trials from one that is repeated to its repeat; None without repeats."""
    most_trials: int
    """Of a participant, with training, repeats and traps."""

    @property
    def votes(self) -> int:
        """Of each question, repeats, traps and training not counted."""
        return sum(pair.votes for pair in self.pairs)


def balance(schedules: Sequence[Sequence[Trial]], pairs: Sequence[tuple[str, str]], clips: Sequence[tuple[str, str]]) -> Balance:
    """The balance of what participants are asked.

    Args:
        schedules: The trials of each participant.
        pairs: Of methods, all that are compared.
        clips: All that are shown, as (dataset, clip).
    """
    counted = [trial for own in schedules for trial in own if trial.kind == "pair"]
    cells = Counter((frozenset((trial.left, trial.right)), (trial.dataset, trial.clip)) for trial in counted)
    left = Counter((trial.left, trial.right) for trial in counted)
    found = tuple(
        PairBalance(
            first,
            second,
            left[first, second] + left[second, first],
            left[first, second],
            sum(cells[frozenset((first, second)), clip] > 0 for clip in clips),
        )
        for first, second in pairs
    )
    per_clip = [sum(cells[frozenset(pair), clip] for pair in pairs) for clip in clips]
    per_cell = [cells[frozenset(pair), clip] for pair in pairs for clip in clips]
    gaps = [trial.position - trial.repeats for own in schedules for trial in own if trial.repeats is not None]
    return Balance(
        found,
        (min(per_clip), max(per_clip)),
        (min(per_cell), max(per_cell)),
        min(gaps) if gaps else None,
        max(len(own) for own in schedules),
    )
