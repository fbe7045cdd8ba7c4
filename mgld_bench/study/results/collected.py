"""The votes of a study with all that their statistics need, wherever they were collected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

import numpy as np

from mgld_bench.statistics.choices import FIRST, SECOND, TIE, Choices
from mgld_bench.study.card import Screening
from mgld_bench.study.folder import StudyFolder, load_study
from mgld_bench.study.opening import open_votes
from mgld_bench.study.store import Participant
from mgld_bench.study.votes import Trial, Vote


@dataclass(frozen=True)
class Collected:
    """Votes, and what was asked."""

    name: str
    title: str
    methods: tuple[str, ...]
    """In the order in which tables have them."""
    pairs: tuple[tuple[str, str], ...]
    """Of methods that were to be compared."""
    questions: Mapping[str, str]
    """Their texts, by name."""
    votes: tuple[Vote, ...]
    screening: Screening = field(default_factory=Screening)
    of: str = ""
    """The method that all others were compared with, if there is one: its share stands first."""
    people: tuple[Participant, ...] | None = None
    """Everybody who got a link; None: collected elsewhere."""
    trials: Mapping[str, Sequence[Trial]] | None = None
    """By participant, what was to be answered; None: not known."""
    timed: bool = True
    """Whether the votes have times."""
    digests: Mapping[tuple[str, str, str], str] | None = None
    """By dataset, clip and method, of the frames that were judged, where they are known."""

    def counted(self, question: str, left_out: frozenset[str] = frozenset()) -> list[Vote]:
        """The votes on a question that count: no training, traps and repeats, and nobody who is left out."""
        return [
            vote
            for vote in self.votes
            if vote.question == question and vote.trial.kind == "pair" and vote.participant not in left_out
        ]


def votes_of_study(folder: Path) -> Collected:
    """The votes of a study on disk. Raises InputError where there is no study, or its database cannot be read."""
    place = StudyFolder(folder)
    study = load_study(place)
    store = open_votes(place, study)
    try:
        people, votes = tuple(store.participants()), tuple(store.votes())
        trials = {str(person.number): store.trials(person.number) for person in people}
    finally:
        store.close()
    return Collected(
        name=study.name,
        title=study.card.title,
        methods=study.methods,
        pairs=study.card.pairs,
        questions={question.name: question.text for question in study.card.questions},
        votes=votes,
        screening=study.card.screening,
        of=study.card.of,
        people=people,
        trials=trials,
        digests={(clip.dataset, clip.clip, side): digest for clip in study.clips for side, digest in clip.digests.items()},
    )


def collected_elsewhere(name: str, votes: Sequence[Vote], timed: bool) -> Collected:
    """Votes of which nothing is known but themselves; methods and questions in the order in which they first occur."""
    counted = [vote for vote in votes if vote.trial.kind in ("pair", "repeat")]
    methods = tuple(dict.fromkeys(method for vote in counted for method in (vote.trial.left, vote.trial.right)))
    met = {frozenset((vote.trial.left, vote.trial.right)) for vote in counted}
    return Collected(
        name=name,
        title=name,
        methods=methods,
        pairs=tuple(pair for pair in combinations(methods, 2) if frozenset(pair) in met),
        questions={vote.question: "" for vote in votes},
        votes=tuple(votes),
        timed=timed,
    )


def as_choices(votes: Sequence[Vote], methods: Sequence[str]) -> Choices:
    """These votes as arrays: methods by their places in ``methods``; the order of participants and clips has no effect."""
    place = {method: index for index, method in enumerate(methods)}
    people = {name: index for index, name in enumerate(sorted({vote.participant for vote in votes}))}
    clips = {clip: index for index, clip in enumerate(sorted({(vote.trial.dataset, vote.trial.clip) for vote in votes}))}
    outcome = {"left": FIRST, "tie": TIE, "right": SECOND}
    rows = [
        (
            people[vote.participant],
            clips[vote.trial.dataset, vote.trial.clip],
            place[vote.trial.left],
            place[vote.trial.right],
            outcome[vote.answer],
        )
        for vote in votes
    ]
    return Choices(*np.array(rows, dtype=np.int64).reshape(-1, 5).T)
