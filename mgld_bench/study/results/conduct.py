"""How each participant answered: traps, repeats, times, sides; and who is left out by the rule that stood in the study's card."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import median

from mgld_bench.study.card import Screening
from mgld_bench.study.results.collected import Collected
from mgld_bench.study.votes import GROUND_TRUTH, Vote


@dataclass(frozen=True)
class Conduct:
    """One participant."""

    participant: str
    pairs: int
    """Pairs that count, answered."""
    traps: int
    wrong_traps: int
    """Traps in which the ground truth was not chosen more often than the other side, over the questions: a tie is wrong too."""
    repeats: int
    """Answers to repeated pairs."""
    changed: int
    """Of these, how many differ from the first answer."""
    seconds: float | None
    """The median time per pair; None where times are not known."""
    left: int
    """Answers for the left side."""
    right: int
    ties: int
    with_others: tuple[int, int]
    """Decided answers that are those of most others on the same pair of a clip, and how many could be compared."""
    left_out: str = ""
    """Why this participant's votes do not count; "": they do."""


def conduct_of_all(collected: Collected) -> tuple[Conduct, ...]:
    """All participants who have answered a pair, a trap or a repeat, in the order of the votes."""
    by_person: dict[str, list[Vote]] = {}
    for vote in collected.votes:
        if vote.trial.kind != "training":
            by_person.setdefault(vote.participant, []).append(vote)
    majority = _Majorities([vote for vote in collected.votes if vote.trial.kind == "pair"])
    return tuple(_conduct(person, votes, collected, majority) for person, votes in by_person.items())


def _conduct(person: str, votes: Sequence[Vote], collected: Collected, majority: _Majorities) -> Conduct:
    pairs = [vote for vote in votes if vote.trial.kind == "pair"]
    wrong, traps = _traps(votes)
    changed, repeats = _repeats(votes)
    seconds: dict[int, float] = {}
    for vote in pairs:
        seconds[vote.trial.position] = max(vote.seconds, seconds.get(vote.trial.position, 0.0))
    sides = Counter(vote.answer for vote in pairs)
    found = Conduct(
        person,
        len(seconds),
        traps,
        wrong,
        repeats,
        changed,
        median(seconds.values()) if seconds and collected.timed else None,
        sides["left"],
        sides["right"],
        sides["tie"],
        majority.shared_by(person, pairs),
    )
    return replace(found, left_out=why_left_out(found, collected.screening))


def why_left_out(conduct: Conduct, rule: Screening) -> str:
    """Which part of the rule leaves this participant out; "": none."""
    if rule.wrong_traps is not None and conduct.wrong_traps > rule.wrong_traps:
        return f"{conduct.wrong_traps} of {conduct.traps} traps wrong, the card allows {rule.wrong_traps}"
    allowed = rule.inconsistent_repeats
    if allowed is not None and conduct.repeats and conduct.changed / conduct.repeats > allowed:
        return f"{conduct.changed} of {conduct.repeats} repeats answered differently, the card allows {allowed:.0%}"
    if rule.fastest_seconds is not None and conduct.seconds is not None and conduct.seconds < rule.fastest_seconds:
        return f"{conduct.seconds:.1f} s per pair, the card allows no less than {rule.fastest_seconds:g} s"
    return ""


def rule_text(rule: Screening) -> str:
    """The card's rule in words."""
    parts = [
        *([f"more than {rule.wrong_traps} wrong traps"] if rule.wrong_traps is not None else []),
        *(
            [f"more than {rule.inconsistent_repeats:.0%} of the repeats answered differently"]
            if rule.inconsistent_repeats is not None
            else []
        ),
        *([f"a median time per pair below {rule.fastest_seconds:g} s"] if rule.fastest_seconds is not None else []),
    ]
    return f"Left out, by the rule of the card: {' or '.join(parts)}." if parts else "The card leaves nobody out."


def _traps(votes: Sequence[Vote]) -> tuple[int, int]:
    """Wrong ones, and all."""
    balance: Counter[int] = Counter()
    for vote in votes:
        if vote.trial.kind == "trap":
            balance[vote.trial.position] += {GROUND_TRUTH: 1, None: 0}.get(vote.chosen, -1)
    return sum(value <= 0 for value in balance.values()), len(balance)


def _repeats(votes: Sequence[Vote]) -> tuple[int, int]:
    """Changed answers, and all that can be compared."""
    first = {(vote.trial.position, vote.question): vote.chosen for vote in votes if vote.trial.kind == "pair"}
    again = [
        (first[key], vote.chosen)
        for vote in votes
        if vote.trial.kind == "repeat"
        and vote.trial.repeats is not None
        and (key := (vote.trial.repeats, vote.question)) in first
    ]
    return sum(before != after for before, after in again), len(again)


class _Majorities:
    """How often each method was chosen, by question, clip and pair."""

    def __init__(self, pairs: Sequence[Vote]) -> None:
        self._chosen: dict[tuple[object, ...], Counter[str]] = {}
        self._own: dict[tuple[str, tuple[object, ...]], Counter[str]] = {}
        for vote in pairs:
            if vote.chosen is not None:
                self._chosen.setdefault(_place(vote), Counter())[vote.chosen] += 1
                self._own.setdefault((vote.participant, _place(vote)), Counter())[vote.chosen] += 1

    def shared_by(self, person: str, votes: Sequence[Vote]) -> tuple[int, int]:
        """How many decided answers are those of most others, of how many where others have a majority."""
        same = of = 0
        for vote in votes:
            if vote.chosen is None:
                continue
            place = _place(vote)
            others = self._chosen[place] - self._own[person, place]
            (most, first), (_, second) = [*others.most_common(2), ("", 0), ("", 0)][:2]
            if first > second:
                of += 1
                same += most == vote.chosen
        return same, of


def _place(vote: Vote) -> tuple[object, ...]:
    trial = vote.trial
    return vote.question, trial.dataset, trial.clip, frozenset((trial.left, trial.right))
