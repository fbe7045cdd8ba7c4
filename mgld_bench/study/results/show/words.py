"""How the parts of a study's result are printed, the same on a terminal, in Markdown and on the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from mgld_bench.report.tables.numbers import format_difference, format_value
from mgld_bench.statistics.agreement import Agreement
from mgld_bench.statistics.bradley_terry import Missing
from mgld_bench.statistics.vote_shares import VoteShare
from mgld_bench.study.results.metric_agreement import CLEAR, FEWEST_VOTES
from mgld_bench.study.results.question_result import MethodResult, PairResult, QuestionResult
from mgld_bench.study.results.result import StudyResult, count_of

NONE: Final = "–"
_MISSING: Final[Mapping[Missing, str]] = {
    "no votes": "no votes",
    "never lost": "above the others: never lost",
    "never won": "below the others: never won",
    "one-way": "none: every vote one way",
    "all ties": "none: only ties",
    "no preference was contradicted": "none: preferences one way only",
}
HOW: Final = (
    "Strengths are log odds by the Bradley-Terry model with ties (Davidson): 1 more means 2.7 to 1 among decided votes. Votes: "
    "for the first method, ties, for the second. Preference: votes for the first and half of the ties, of all. Intervals (95 %) "
    "are over other participants and other clips, as far as there are three or more, since votes of one participant, and votes "
    "on one clip, are alike. p: could the preference be chance; corrected (Holm) over all pairs of a question. Preferred: p at "
    "most 0.05 after Holm, and an interval without 50 %. Rank: the places that these tests leave. Training, traps and repeats do "
    "not count."
)
HOW_METRICS: Final = (
    f"Clear: of at least {FEWEST_VOTES} votes on a pair of methods on a clip, {100 * CLEAR:.0f} % or more are for one of them "
    "(ties as halves). tau: Kendall's, over the pairs of methods on a clip, averaged over clips, with the 95 % interval over "
    "them from three on; 1: scores order the methods as the votes do, 0: no better than chance, -1: the opposite."
)


def title(result: StudyResult) -> str:
    """What was asked."""
    return f"{result.title} ({result.name})" if result.title != result.name else result.name


def percent(share: float) -> str:
    """A share for a table.

    >>> percent(0.625)
    '62 %'
    """
    return f"{100 * share:.0f} %"


def share_text(share: VoteShare | None) -> str:
    """A preference with its interval."""
    if share is None:
        return NONE
    if share.interval is None:
        return percent(share.share)
    low, high = share.interval
    return f"{100 * share.share:.0f} [{100 * low:.0f}, {100 * high:.0f}] %"


def strength_text(method: MethodResult) -> str:
    """A strength with its interval, or why there is none."""
    if method.strength is None:
        return _MISSING[method.missing or "no votes"]
    if method.interval is None:
        return format_difference(method.strength, 2)
    low, high = (format_difference(end, 2) for end in method.interval)
    return f"{format_difference(method.strength, 2)} [{low}, {high}]"


def ranks_text(method: MethodResult) -> str:
    """The places that the tests leave a method."""
    best, worst = method.ranks
    return str(best) if best == worst else f"{best} to {worst}"


def votes_text(share: VoteShare | None) -> str:
    """Votes for the first, ties, votes for the second."""
    return NONE if share is None else f"{share.wins} / {share.ties} / {share.losses}"


def p_text(p: float | None) -> str:
    """A p for a table."""
    return NONE if p is None else "<0.0001" if p < 1e-4 else f"{p:.3g}"


def agreement_text(agreement: Agreement | None) -> str:
    """How alike people answered, in a sentence."""
    if agreement is None:
        return "Agreement: nobody has voted on what somebody else has voted on."
    alpha = "not defined, since all answers are the same" if agreement.alpha is None else f"{format_value(agreement.alpha, 2)}"
    return (
        f"Agreement: Krippendorff's alpha {alpha}; two people gave the same answer in {percent(agreement.same)} of cases "
        f"({agreement.answers} votes on {agreement.units} pairs of a clip)."
    )


def counted_text(question: QuestionResult) -> str:
    """What the numbers of a question are made of."""
    tie = (
        ""
        if not question.tie
        else f" Between equal methods, a tie is {format_value(question.tie, 2)} times as likely as a vote for one of them."
    )
    people, clips = count_of(question.participants, "participant"), count_of(question.clips, "clip")
    return f"{count_of(question.votes, 'vote')} of {people} on {clips}.{tie}"


def headline(result: StudyResult) -> list[str]:
    """What is shown, question by question, in a sentence each."""
    found = []
    for question in result.questions:
        text = _shown(question)
        found.append(f"{question.name}: {text}" if question.name else text[:1].upper() + text[1:])
    return found


def _shown(question: QuestionResult) -> str:
    tested = sum(pair.p is not None for pair in question.pairs)
    if not question.votes:
        return "no votes"
    if not tested:
        return "nothing can be tested"
    said = [_winner_text(pair) for pair in question.pairs if pair.verdict in ("preferred", "not preferred")]
    if not said:
        return f"no preference is shown ({'one pair' if tested == 1 else f'{tested} pairs'})"
    left = f"; {tested - len(said)} of {tested} pairs: cannot tell" if tested > len(said) else ""
    return f"preferred: {', '.join(said)}{left}"


def _winner_text(pair: PairResult) -> str:
    share = 0.5 if pair.share is None else pair.share.share
    if pair.verdict == "preferred":
        return f"{pair.first} over {pair.second} ({percent(share)})"
    return f"{pair.second} over {pair.first} ({percent(1 - share)})"
