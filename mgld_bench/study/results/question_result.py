"""What the votes on one question say of the methods: strengths, shares, tests, agreement."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mgld_bench.statistics.agreement import Agreement, vote_agreement
from mgld_bench.statistics.bradley_terry import Missing
from mgld_bench.statistics.choices import Choices
from mgld_bench.statistics.crossed_resampling import Over, resampled_over
from mgld_bench.statistics.several_tests import holm
from mgld_bench.statistics.strengths import StrengthIntervals, strength_intervals
from mgld_bench.statistics.vote_shares import VoteShare, share_of_first, vote_share
from mgld_bench.study.results.collected import as_choices
from mgld_bench.study.votes import Vote

LEVEL = 0.05
Verdict = Literal["preferred", "not preferred", "cannot tell", "no votes"]
"""Of the first method of a pair."""


@dataclass(frozen=True)
class MethodResult:
    """One method."""

    name: str
    strength: float | None
    interval: tuple[float, float] | None
    missing: Missing | None
    """Why it has no strength."""
    group: int
    """Which strengths can be compared: those with the same number; -1 without a strength."""
    share: VoteShare | None
    """How often it was preferred, in all its votes, whoever stood against it."""
    ranks: tuple[int, int]
    """The best and the worst place that the tests of the pairs leave it."""


@dataclass(frozen=True)
class PairResult:
    """Two methods."""

    first: str
    second: str
    share: VoteShare | None
    """Of the first; None: no votes."""
    p: float | None
    p_holm: float | None
    """Corrected for all pairs of the question."""
    verdict: Verdict


@dataclass(frozen=True)
class QuestionResult:
    """One question."""

    name: str
    text: str
    votes: int
    participants: int
    clips: int
    methods: tuple[MethodResult, ...]
    """The strongest first; those without a strength where their votes put them."""
    pairs: tuple[PairResult, ...]
    tie: float | None
    over: Over | None
    """What the intervals stand for: other participants, other clips, or both; None: there are none."""
    agreement: Agreement | None
    groups: int
    """Groups of methods whose strengths cannot be compared with those of other groups."""

    def pair(self, first: str, second: str) -> PairResult | None:
        """The result of two methods, in either order; None where they were not to be compared."""
        return next((pair for pair in self.pairs if {pair.first, pair.second} == {first, second}), None)


def question_result(
    name: str, text: str, votes: Sequence[Vote], methods: Sequence[str], pairs: Sequence[tuple[str, str]], of: str = ""
) -> QuestionResult:
    """Everything about one question.

    Args:
        name: the question's.
        text: as participants read it.
        votes: those that count.
        methods: all, in the order of tables.
        pairs: those that were to be compared.
        of: the method that stands first wherever it occurs; else that with the larger share does.
    """
    choices = as_choices(votes, methods)
    place = {method: index for index, method in enumerate(methods)}
    found = [_pair(choices, pair, place, of) for pair in pairs]
    corrected = iter(holm([pair.p for pair in found if pair.p is not None]))
    tested = tuple(_judged(pair, None if pair.p is None else next(corrected)) for pair in found)
    fitted = strength_intervals(choices, len(methods))
    return QuestionResult(
        name=name,
        text=text,
        votes=len(choices),
        participants=len(np.unique(choices.participants)),
        clips=len(np.unique(choices.clips)),
        methods=_methods(choices, methods, tested, fitted),
        pairs=tested,
        tie=fitted.fit.tie,
        over=resampled_over(choices) if len(choices) else None,
        agreement=vote_agreement(choices) if len(choices) else None,
        groups=len(fitted.fit.groups),
    )


def _pair(choices: Choices, pair: tuple[str, str], place: dict[str, int], of: str) -> PairResult:
    share = vote_share(choices, place[pair[0]], place[pair[1]])
    if pair[1] == of or (pair[0] != of and share is not None and share.share < 0.5):
        pair = pair[1], pair[0]
        share = vote_share(choices, place[pair[0]], place[pair[1]])
    return PairResult(*pair, share, None if share is None else share.p, None, "no votes" if share is None else "cannot tell")


def _judged(pair: PairResult, p_holm: float | None) -> PairResult:
    verdict = pair.verdict
    if p_holm is not None and p_holm <= LEVEL and pair.share is not None and pair.share.interval is not None:
        low, high = pair.share.interval
        verdict = "preferred" if low > 0.5 else "not preferred" if high < 0.5 else verdict
    return PairResult(pair.first, pair.second, pair.share, pair.p, p_holm, verdict)


def _methods(
    choices: Choices, methods: Sequence[str], pairs: Sequence[PairResult], fitted: StrengthIntervals
) -> tuple[MethodResult, ...]:
    group_of = {method: number for number, group in enumerate(fitted.fit.groups) for method in group}
    found = [
        MethodResult(
            name,
            fitted.fit.values[index],
            fitted.intervals[index],
            fitted.fit.missing[index],
            group_of.get(index, -1),
            share_of_first(choices.about(index)),
            _ranks(name, len(methods), pairs),
        )
        for index, name in enumerate(methods)
    ]

    def order(method: MethodResult) -> tuple[int, float]:
        ends = {"never lost": 0, "never won": 2, "no votes": 3}
        share = -1.0 if method.share is None else method.share.share
        return ends.get(method.missing or "", 1), -(share if method.strength is None else method.strength)

    # Without a strength in the middle, shares order the methods that have none either.
    if any(method.missing in ("all ties", "no preference was contradicted", "one-way") for method in found):
        return tuple(sorted(found, key=lambda method: -(-1.0 if method.share is None else method.share.share)))
    return tuple(sorted(found, key=lambda method: (max(method.group, 0), *order(method))))


def _ranks(name: str, count: int, pairs: Sequence[PairResult]) -> tuple[int, int]:
    ahead = sum(
        (pair.first, pair.verdict) == (name, "not preferred") or (pair.second, pair.verdict) == (name, "preferred")
        for pair in pairs
    )
    behind = sum(
        (pair.first, pair.verdict) == (name, "preferred") or (pair.second, pair.verdict) == (name, "not preferred")
        for pair in pairs
    )
    return 1 + ahead, count - behind
