"""What a participant is asked, and what the answer was."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mgld_bench.plain_data import PlainData

Kind = Literal["training", "pair", "repeat", "trap"]
"""What a trial is for.

training: to learn how it is done, never counted; pair: counts; repeat: an earlier pair of the same participant once more, sides
exchanged, for the consistency; trap: a pair whose answer is beyond dispute (Bicubic against ground truth), for the attention.
"""
Answer = Literal["left", "right", "tie"]
"""Which of the two was chosen; ``tie`` only where the study's card allows it."""
Side = Literal["left", "right"]
"""Where a restored clip is shown."""
GROUND_TRUTH = "ground-truth"
"""Stands in place of a method's name where a side shows the ground truth."""


class Trial(PlainData):
    """One pair of restored clips as one participant sees it: which clip, which method on which side."""

    position: int = Field(ge=0)
    """The place among the participant's trials, from 0."""
    kind: Kind
    dataset: str
    clip: str
    left: str
    """The method on the left; or GROUND_TRUTH."""
    right: str
    repeats: int | None = None
    """The position that a ``repeat`` repeats."""


class Vote(PlainData):
    """One answer of one participant to one question about one trial."""

    participant: str
    """A number within the study, as text: no name, nothing of a person."""
    trial: Trial
    question: str
    """The name of the question in the study's card."""
    answer: Answer
    seconds: float = Field(ge=0, allow_inf_nan=False)
    """From the moment when the videos first began to play to the answer."""
    plays: int = Field(ge=0)
    """How often the pair was watched to its end."""
    decided_at: str
    """UTC, ISO 8601, by the server's clock."""

    @property
    def chosen(self) -> str | None:
        """The method that was chosen; None: a tie."""
        return {"left": self.trial.left, "right": self.trial.right, "tie": None}[self.answer]
