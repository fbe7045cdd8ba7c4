"""The votes of a user study, read from CSV, as a figure shows them."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.figures import VotesFigure
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.highlighted import highlighted_methods
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.votes import PairVotes, draw_votes, share_interval

COLUMNS = ("method_a", "method_b", "choice")
CHOICES = ("a", "b", "tie")


@dataclass(frozen=True)
class Vote:
    """One answer of one participant to one pair."""

    question: str
    """"" where the file has no such column."""
    first: str
    second: str
    choice: str
    """a, b or tie."""


def votes(data: ReportData, figure: VotesFigure) -> Drawing:
    """Draw them.

    Raises:
        NothingToDrawError: the file is not there, or has no vote of the methods that are asked for.
        InputError: the file is not a file of votes.
    """
    path = data.figure_files.get(figure.votes)
    if path is None:
        raise NothingToDrawError(
            f"the votes {figure.votes} are not there: put them beside the card's file, or into the workspace"
        )
    panels = _panels(data, figure, read_votes(path))
    if not panels:
        raise NothingToDrawError(f"{path}: no votes{f' of {figure.of}' if figure.of else ''}")
    return Drawing(draw_votes(panels, figure.width), _statement(panels))


def read_votes(path: Path) -> list[Vote]:
    """The votes in a CSV file.

    The columns method_a, method_b and choice (a, b or tie) are needed, question may be there, and all others are ignored.

    Raises:
        InputError: naming file and line, for a missing column, a choice that there is not, or a method without a name.
    """
    try:
        lines = csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines())
        rows = [(lines.line_num, row) for row in lines]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: votes cannot be read: {error}") from None
    missing = [column for column in COLUMNS if column not in (lines.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path}: no column {missing[0]!r}: a file of votes has the columns {', '.join(COLUMNS)} and maybe question"
        )
    found = []
    for number, line in rows:
        first, second, choice = ((line[column] or "").strip() for column in COLUMNS)
        if choice.lower() not in CHOICES:
            raise InputError(f"{path}:{number}: choice {choice!r}: use {', '.join(CHOICES)}")
        if not first or not second or first == second:
            raise InputError(f"{path}:{number}: a vote is between two methods, not {first!r} and {second!r}")
        found.append(Vote((line.get("question") or "").strip(), first, second, choice.lower()))
    return found


def _panels(data: ReportData, figure: VotesFigure, every: Sequence[Vote]) -> Mapping[str, Sequence[PairVotes]]:
    """The pairs by the questions' titles, in the order of the file."""
    counts: dict[tuple[str, str, str], Counter[str]] = {}
    for vote in every:
        first, second = (_card_name(data, name) for name in (vote.first, vote.second))
        if figure.of and figure.of not in (first, second):
            continue
        turned = (second == figure.of) if figure.of else (vote.question, second, first) in counts
        pair = (second, first) if turned else (first, second)
        choice = {"a": "b", "b": "a"}.get(vote.choice, vote.choice) if turned else vote.choice
        counts.setdefault((vote.question, *pair), Counter())[choice] += 1
    names, own = data.method_headings, highlighted_methods(data)
    panels: dict[str, list[PairVotes]] = {}
    for (question, first, second), of in counts.items():
        row = PairVotes(
            names.get(first, first), names.get(second, second), of["a"], of["tie"], of["b"], (first in own, second in own)
        )
        panels.setdefault(figure.questions.get(question, question), []).append(row)
    return panels


def _card_name(data: ReportData, name: str) -> str:
    """The name of the card of a method that is called by its name or its title, in any case; else what it is called."""
    known = {heading.casefold(): card for card, heading in data.method_headings.items()}
    known |= {card.casefold(): card for card in data.methods}
    return known.get(name.casefold(), name)


def _statement(panels: Mapping[str, Sequence[PairVotes]]) -> str:
    sentences = []
    for question, rows in panels.items():
        for pair in rows:
            low, high = share_interval(pair.first_votes, pair.count)
            share = f"{100 * pair.first_votes / pair.count:.0f} %, interval {100 * low:.0f} to {100 * high:.0f} %"
            sentences.append(
                f"{f'{question}: ' if question else ''}{pair.first} against {pair.second}: {pair.first_votes} of {pair.count} "
                f"votes ({share}), {pair.ties} ties."
            )
    return (
        "Left the votes for the first method, right (hatched) for the other, grey ties; n: number of votes. The black line is "
        "the 95 % interval (Wilson) of the first method's share of all votes, as if they were independent. " + " ".join(sentences)
    )
