"""Votes between pairs of methods as arrays: what all statistics of a user study are computed of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Numbers = npt.NDArray[np.float64]
FIRST, TIE, SECOND = 1, 0, -1
"""What a vote said: for the first method, for none, for the second."""


@dataclass(frozen=True)
class Choices:
    """Votes, one per place of the arrays, which are (votes,) each; people, clips and methods are numbered from 0."""

    participants: Integers
    clips: Integers
    first: Integers
    second: Integers
    outcome: Integers
    """FIRST, TIE or SECOND."""

    def __post_init__(self) -> None:
        """Refuse what cannot be votes."""
        if len({len(each) for each in (self.participants, self.clips, self.first, self.second, self.outcome)}) != 1:
            raise ValueError("the arrays of the votes differ in length")
        if np.any(self.first == self.second) or not np.isin(self.outcome, (FIRST, TIE, SECOND)).all():
            raise ValueError("a vote is between two methods, with the outcome 1, 0 or -1")

    def __len__(self) -> int:
        return len(self.outcome)

    def between(self, first: int, second: int) -> Choices:
        """The votes between two methods, turned so that ``first`` is the first one in all of them."""
        turned = (self.first == second) & (self.second == first)
        chosen = ((self.first == first) & (self.second == second)) | turned
        outcome = np.where(turned, -self.outcome, self.outcome)[chosen]
        same = np.full(len(outcome), first), np.full(len(outcome), second)
        return Choices(self.participants[chosen], self.clips[chosen], *same, outcome)

    def about(self, method: int) -> Choices:
        """The votes between a method and any other, turned so that it is the first one in all of them."""
        turned = self.second == method
        chosen = (self.first == method) | turned
        return Choices(
            self.participants[chosen],
            self.clips[chosen],
            np.full(int(chosen.sum()), method),
            np.where(turned, self.first, self.second)[chosen],
            np.where(turned, -self.outcome, self.outcome)[chosen],
        )

    def only(self, chosen: npt.NDArray[np.bool_]) -> Choices:
        """The votes where ``chosen``, (votes,), is true."""
        return Choices(
            self.participants[chosen], self.clips[chosen], self.first[chosen], self.second[chosen], self.outcome[chosen]
        )

    @property
    def preference(self) -> Numbers:
        """(votes,): 1 for the first method, 0 for the second, half for a tie."""
        return (self.outcome + 1) / 2
