"""The votes of a user study, read from CSV, as a figure shows them."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from mgld_bench.cards.figures import VotesFigure
from mgld_bench.errors import InputError
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.highlighted import highlighted_methods
from mgld_bench.report.figures.drawing import Drawing, NothingToDrawError
from mgld_bench.report.figures.votes import PairVotes, draw_votes, share_interval
from mgld_bench.statistics.choices import FIRST, SECOND, TIE, Choices
from mgld_bench.statistics.vote_shares import VoteShare, share_of_first

COLUMNS = ("method_a", "method_b", "choice")
CHOICES = ("a", "b", "tie")
_OF_A_STUDY = ("participant", "dataset", "clip")


@dataclass(frozen=True)
class Vote:
    """One answer of one participant to one pair."""

    question: str
    """"" where the file has no such column."""
    first: str
    second: str
    choice: str
    """a, b or tie."""
    participant: str = ""
    clip: str = ""
    """Dataset and clip; "" where the file has not all columns of a study (participant, dataset, clip)."""


def votes(data: ReportData, figure: VotesFigure) -> Drawing:
    """Draw them.

    Raises:
        NothingToDrawError: the file is not there, or has no vote of the methods that are asked for.
        InputError: the file is not a file of votes.
    """
    path = data.figure_files.get(figure.votes)
    if path is None:
        or_study = f", or make them: mgld-bench study new {figure.study}, then study result" if figure.study else ""
        raise NothingToDrawError(
            f"the votes {figure.votes} are not there: put them beside the card's file, or into the workspace{or_study}"
        )
    panels = _panels(data, figure, read_votes(path))
    if not panels:
        raise NothingToDrawError(f"{path}: no votes{f' of {figure.of}' if figure.of else ''}")
    return Drawing(draw_votes(panels, figure.width), f"{_preliminary(path)}{_statement(panels)}")


def _preliminary(path: Path) -> str:
    """What the result of a study, beside its votes, says of participants who have not finished."""
    try:
        result = json.loads(path.with_name("result.json").read_bytes())
    except (OSError, ValueError):
        return ""
    found = result.get("preliminary") if isinstance(result, dict) else None
    return f"Preliminary: {found}. " if isinstance(found, str) and found else ""


def read_votes(path: Path) -> list[Vote]:
    """The votes in a CSV file.

    The columns method_a, method_b and choice (a, b or tie) are needed; question may be there, and, for intervals over other
    participants and clips, participant, dataset and clip together. All others are ignored.

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
        person, *clip = ((line.get(column) or "").strip() for column in _OF_A_STUDY)
        whole = all(column in (lines.fieldnames or ()) for column in _OF_A_STUDY)
        found.append(
            Vote(
                (line.get("question") or "").strip(), first, second, choice.lower(), *((person, "/".join(clip)) if whole else ())
            )
        )
    return found


def _panels(data: ReportData, figure: VotesFigure, every: Sequence[Vote]) -> Mapping[str, Sequence[PairVotes]]:
    """The pairs by the questions' titles, in the order of the file."""
    given: dict[tuple[str, str, str], list[Vote]] = {}
    for vote in every:
        first, second = (_card_name(data, name) for name in (vote.first, vote.second))
        if figure.of and figure.of not in (first, second):
            continue
        turned = (second == figure.of) if figure.of else (vote.question, second, first) in given
        pair = (second, first) if turned else (first, second)
        choice = {"a": "b", "b": "a"}.get(vote.choice, vote.choice) if turned else vote.choice
        given.setdefault((vote.question, *pair), []).append(replace(vote, choice=choice))
    names, own = data.method_headings, highlighted_methods(data)
    panels: dict[str, list[PairVotes]] = {}
    for (question, first, second), votes_of_pair in given.items():
        of = Counter(vote.choice for vote in votes_of_pair)
        share = _of_a_study(votes_of_pair)
        row = PairVotes(
            names.get(first, first),
            names.get(second, second),
            of["a"],
            of["tie"],
            of["b"],
            (first in own, second in own),
            None if share is None or share.interval is None else (share.share, *share.interval),
            share is None or share.interval is not None,
        )
        panels.setdefault(figure.questions.get(question, question), []).append(row)
    return panels


def _of_a_study(given: Sequence[Vote]) -> VoteShare | None:
    """The preference for the first method with its interval over participants and clips; None where these are not known."""
    if not all(vote.participant and vote.clip for vote in given):
        return None
    people, clips = (
        np.unique(np.array(names, dtype=str), return_inverse=True)[1].astype(np.int64)
        for names in ([vote.participant for vote in given], [vote.clip for vote in given])
    )
    outcome = np.array([{"a": FIRST, "tie": TIE, "b": SECOND}[vote.choice] for vote in given])
    return share_of_first(Choices(people, clips, np.zeros_like(people), np.ones_like(people), outcome))


def _card_name(data: ReportData, name: str) -> str:
    """The name of the card of a method that is called by its name or its title, in any case; else what it is called."""
    known = {heading.casefold(): card for card, heading in data.method_headings.items()}
    known |= {card.casefold(): card for card in data.methods}
    return known.get(name.casefold(), name)


def _statement(panels: Mapping[str, Sequence[PairVotes]]) -> str:
    sentences = []
    for question, rows in panels.items():
        for pair in rows:
            sentences.append(
                f"{f'{question}: ' if question else ''}{pair.first} against {pair.second}: {pair.first_votes} of {pair.count} "
                f"votes ({_share(pair)}), {pair.ties} ties."
            )
    every = [pair for rows in panels.values() for pair in rows]
    if all(pair.preference is None and pair.known for pair in every):
        line = (
            "The black line is the 95 % interval (Wilson) of the first method's share of all votes, as if they were independent. "
        )
    elif any(pair.preference for pair in every):
        line = (
            "The point is the first method's preference (its votes and half of the ties, of all), the black line its 95 % "
            "interval over other participants and other clips, as far as there are three or more. "
        )
    else:
        line = "There are too few participants and clips for intervals. "
    bars = "Left the votes for the first method, right (hatched) for the other, grey ties; n: number of votes."
    return f"{bars} {line}{' '.join(sentences)}"


def _share(pair: PairVotes) -> str:
    share = f"{100 * pair.first_votes / pair.count:.0f} %"
    if not pair.known:
        return share
    middle, low, high = pair.preference or (None, *share_interval(pair.first_votes, pair.count))
    interval = f"interval {100 * low:.0f} to {100 * high:.0f} %"
    return f"{share}, {interval}" if middle is None else f"{share}; preference {100 * middle:.0f} %, {interval}"
