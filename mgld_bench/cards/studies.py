"""The card of a study: which clips and methods, which questions, how it is shown, and by which rule votes are left out."""

from __future__ import annotations

import re
from itertools import combinations
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from mgld_bench.cards.schemas import Card
from mgld_bench.plain_data import PlainData

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=100)]


def _clip_name(text: str) -> str:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*/[^./\\][^/\\]*", text):
        raise ValueError(f'name a clip as dataset/clip, such as demo/bikes, not "{text}"')
    return text


ClipName = Annotated[str, Field(max_length=300), AfterValidator(_clip_name)]
"""``dataset/clip``."""


class Question(PlainData):
    """One question about each pair."""

    name: Name
    text: str = Field(min_length=1, max_length=300)
    """As the participant reads it."""


class Design(PlainData):
    """How many are asked how much."""

    participants: int = Field(default=20, ge=1, le=1000)
    """Links that are made."""
    pairs_each: int | None = Field(default=None, ge=1, le=1000)
    """Pairs that one participant sees, repeats, traps and training not counted; None: all pairs of all clips."""
    repeats: int = Field(default=2, ge=0, le=100)
    """Pairs of each participant that are asked a second time."""
    traps: int = Field(default=2, ge=0, le=100)
    """Pairs of Bicubic and ground truth of each participant."""
    training: int = Field(default=1, ge=0, le=20)
    """Pairs before the first that counts."""
    seed: int = Field(default=0, ge=0)


class Screening(PlainData):
    """The rule by which a participant's votes are left out of the result; it stands before the study begins."""

    wrong_traps: int | None = Field(default=None, ge=0)
    """Left out who answers more traps than this wrongly; None: nobody."""
    inconsistent_repeats: float | None = Field(default=None, ge=0, le=1)
    """Left out who answers more than this share of the repeats differently; None: nobody."""
    fastest_seconds: float | None = Field(default=None, ge=0)
    """Left out whose median time per pair is shorter; None: nobody."""


class StudyCard(Card):
    """A study."""

    kind = "study"

    name: Name
    title: str = Field(min_length=1, max_length=200)
    methods: tuple[Name, ...] = Field(min_length=2, max_length=50)
    of: str = ""
    """Only pairs with this method are asked, as the paper did; empty: every pair of the methods."""
    clips: tuple[ClipName, ...] = ()
    """Clips as ``dataset/clip``; or empty: a spread of `spread` clips is chosen by content."""
    spread: int | None = Field(default=None, ge=1, le=1000)
    datasets: tuple[Name, ...] = ()
    """Where the spread is chosen from."""
    trap_clips: tuple[ClipName, ...] = ()
    """Clips with ground truth for the traps, where those of the study have none; empty: those of the study."""
    questions: tuple[Question, ...] = Field(min_length=1, max_length=10)
    ties: bool = True
    crop: tuple[Annotated[int, Field(ge=16)], Annotated[int, Field(ge=16)]] | None = None
    """Width and height of the part that is shown, around the middle; None: the whole frame."""
    rate: float | None = Field(default=None, gt=0, le=240)
    """Frames per second; None: 24."""
    low_resolution: Literal["middle", "on demand", "hidden"] = "on demand"
    """Where the LR clip is shown, enlarged to the same size."""
    enlarged: Literal["bicubic", "nearest"] = "bicubic"
    """How the LR clip is enlarged."""
    video: Literal["auto", "exact", "close"] = "auto"
    """exact: every pixel as it was restored; close: H.264 of high quality, which plays on slower machines and lines; auto: exact
    where the frames are small enough to play."""
    plays: int = Field(default=1, ge=1, le=10)
    """How often a pair has to be watched to its end before an answer is taken."""
    design: Design = Design()
    screening: Screening = Screening()
    consent: str = Field(default="", max_length=20_000)
    """What a participant agrees to before the first pair; empty: a plain text of the suite."""
    expires_days: int = Field(default=90, ge=1, le=3650)
    """Days for which the links work."""

    @property
    def pairs(self) -> tuple[tuple[str, str], ...]:
        """The pairs of methods that are compared, in the order of the card."""
        every = combinations(self.methods, 2)
        return tuple(pair for pair in every if not self.of or self.of in pair)
