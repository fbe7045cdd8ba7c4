"""The result of a study: every question, every participant, and what has to be known beside the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mgld_bench.errors import first_of
from mgld_bench.statistics.crossed_resampling import FEWEST
from mgld_bench.study.results.collected import Collected
from mgld_bench.study.results.conduct import Conduct, conduct_of_all, rule_text
from mgld_bench.study.results.metric_agreement import MetricAgreement
from mgld_bench.study.results.question_result import PairResult, QuestionResult, question_result


@dataclass(frozen=True)
class StudyResult:
    """All of it."""

    name: str
    title: str
    methods: tuple[str, ...]
    questions: tuple[QuestionResult, ...]
    conduct: tuple[Conduct, ...]
    rule: str
    """By which participants are left out, in words."""
    preliminary: str
    """Why there will be more votes; "": the study is finished, or was collected elsewhere."""
    missing: tuple[str, ...]
    """What was asked for and has no result."""
    notes: tuple[str, ...]
    metrics: tuple[MetricAgreement, ...] = ()
    metric_notes: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[Conduct, ...]:
        """The participants whose votes do not count."""
        return tuple(each for each in self.conduct if each.left_out)


def study_result(collected: Collected) -> StudyResult:
    """The result of these votes, without the metrics: see `tell_metrics`."""
    conduct = conduct_of_all(collected)
    left_out = frozenset(each.participant for each in conduct if each.left_out)
    questions = tuple(
        question_result(name, text, collected.counted(name, left_out), collected.methods, collected.pairs, collected.of)
        for name, text in collected.questions.items()
    )
    return StudyResult(
        name=collected.name,
        title=collected.title,
        methods=collected.methods,
        questions=questions,
        conduct=conduct,
        rule=rule_text(collected.screening),
        preliminary=_preliminary(collected),
        missing=tuple(_missing(questions, len(left_out), len(conduct))),
        notes=tuple(_notes(questions)),
    )


def _preliminary(collected: Collected) -> str:
    if collected.people is None:
        return ""
    finished = sum(person.finished_at is not None for person in collected.people)
    return "" if finished == len(collected.people) else f"{finished} of {len(collected.people)} participants have finished"


def _missing(questions: Sequence[QuestionResult], left_out: int, people: int) -> list[str]:
    if people and left_out == people:
        return [f"the rule of the card leaves out all {people} participants"]
    if not any(question.votes for question in questions):
        return ["there are no votes that count yet"]
    found = []
    for question in questions:
        without = [f"{pair.first} and {pair.second}" for pair in question.pairs if pair.share is None]
        if without:
            found.append(f"{question.name or 'the question'}: no votes on {first_of(without)}")
    return found


def _notes(questions: Sequence[QuestionResult]) -> list[str]:
    """What has to be known beside the numbers; what holds for all questions, once."""
    by_question = [_notes_of(question) for question in questions if question.votes]
    everywhere = [note for note in by_question[0] if all(note in notes for notes in by_question)] if by_question else []
    named = [
        f"{question.name}: {note}" if question.name else note
        for question, notes in zip((each for each in questions if each.votes), by_question, strict=True)
        for note in notes
        if note not in everywhere
    ]
    return [*everywhere, *named]


def _notes_of(question: QuestionResult) -> list[str]:
    found = []
    if question.over is None:
        found.append(
            f"{count_of(question.participants, 'participant')} and {count_of(question.clips, 'clip')}: no intervals and no "
            f"tests, since fewer than {FEWEST} of each say nothing of others."
        )
    elif question.over == "participants":
        found.append(
            f"{count_of(question.clips, 'clip')}: intervals and tests are for other participants on these clips, and say "
            "nothing of other clips."
        )
    elif question.over == "clips":
        found.append(
            f"{count_of(question.participants, 'participant')}: intervals and tests are for these participants on other clips, "
            "and say nothing of other people."
        )
    others = [pair for pair in question.pairs if pair.share is not None and pair.share.over != question.over]
    if others:
        shown = first_of([_narrower(pair) for pair in others], separator="; ")
        found.append(f"fewer than {FEWEST} participants or clips of a pair, so that its interval says less: {shown}.")
    if question.groups > 1:
        found.append(
            f"the methods fall into {question.groups} groups that no votes, or only votes one way, connect: strengths can be "
            "compared within a group only."
        )
    reasons = {method.missing for method in question.methods}
    if reasons & {"never lost", "never won", "one-way"}:
        found.append(
            "what was preferred in every vote, or in none, has no finite strength: it is named so, and the others' strengths are "
            "fitted without it."
        )
    if "no preference was contradicted" in reasons:
        found.append(
            "preferences went one way only, beside ties: no finite strengths fit such votes best, and the shares say what "
            "there is."
        )
    if "all ties" in reasons:
        found.append("every vote is a tie: there is nothing to order the methods by.")
    return found


def _narrower(pair: PairResult) -> str:
    over = "no interval" if pair.share is None or pair.share.over is None else f"over {pair.share.over} only"
    return f"{pair.first} and {pair.second}, {over}"


def count_of(number: int, what: str) -> str:
    """So many of these.

    >>> count_of(1, "clip"), count_of(2, "clip")
    ('1 clip', '2 clips')
    """
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
