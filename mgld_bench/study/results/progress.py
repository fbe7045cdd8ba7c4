"""How far a study is: participants, votes, balance, times."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from mgld_bench.study.results.collected import Collected
from mgld_bench.study.votes import Trial


@dataclass(frozen=True)
class PairProgress:
    """One pair of methods."""

    first: str
    second: str
    answered: int
    """Trials that were answered, of all participants."""
    planned: int
    on_the_left: int
    """Of those answered, how often the first was on the left."""
    seconds: float | None
    """The median time for one."""


@dataclass(frozen=True)
class StudyProgress:
    """All of it."""

    name: str
    title: str
    links: int
    opened: int
    begun: int
    """Have consented, or answered."""
    finished: int
    not_opened: tuple[int, ...]
    """Numbers of the participants."""
    trials: int
    """Planned, of all kinds."""
    answered: int
    votes: int
    """Answers to questions, of all kinds."""
    pairs: tuple[PairProgress, ...]
    seconds: float | None
    """The median time per pair."""


def study_progress(collected: Collected) -> StudyProgress:
    """How far it is."""
    people, trials = collected.people or (), collected.trials or {}
    answered: dict[tuple[str, int], tuple[Trial, float]] = {}
    for vote in collected.votes:
        key = vote.participant, vote.trial.position
        seconds = max(vote.seconds, answered[key][1] if key in answered else 0.0)
        answered[key] = vote.trial, seconds
    planned = Counter(
        frozenset((trial.left, trial.right)) for of_one in trials.values() for trial in of_one if trial.kind == "pair"
    )
    counted = [(trial, seconds) for trial, seconds in answered.values() if trial.kind == "pair"]
    voters = {person for person, _ in answered}
    return StudyProgress(
        name=collected.name,
        title=collected.title,
        links=len(people),
        opened=sum(person.opened_at is not None for person in people),
        begun=sum(person.consented_at is not None or str(person.number) in voters for person in people),
        finished=sum(person.finished_at is not None for person in people),
        not_opened=tuple(person.number for person in people if person.opened_at is None and str(person.number) not in voters),
        trials=sum(len(of_one) for of_one in trials.values()),
        answered=len(answered),
        votes=len(collected.votes),
        pairs=tuple(_pair(pair, counted, planned) for pair in collected.pairs),
        seconds=median(seconds for _, seconds in counted) if counted else None,
    )


def _pair(pair: tuple[str, str], counted: Sequence[tuple[Trial, float]], planned: Counter[frozenset[str]]) -> PairProgress:
    of_pair = [(trial, seconds) for trial, seconds in counted if {trial.left, trial.right} == set(pair)]
    return PairProgress(
        *pair,
        answered=len(of_pair),
        planned=planned[frozenset(pair)],
        on_the_left=sum(trial.left == pair[0] for trial, _ in of_pair),
        seconds=median(seconds for _, seconds in of_pair) if of_pair else None,
    )
