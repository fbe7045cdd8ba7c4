"""The votes of a study as CSV: all of them as they were given, and as pwcmp reads them. Nothing of a person is in either.

Moments by the clock are left out: who knows when a colleague voted would know the colleague's number. Times are counted from the
participant's own first answer.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.errors import IncompleteError
from mgld_bench.shown_text import visible_name
from mgld_bench.study.results.collected import Collected
from mgld_bench.study.results.votes_csv import OURS, PWCMP
from mgld_bench.study.votes import Vote

_MORE = ("kind", "position", "repeats", "seconds", "since_first_answer", "plays")


@dataclass(frozen=True)
class Exported:
    """What was written."""

    files: tuple[Path, ...]
    votes: int
    ties: int
    """Ties of pairs that count, which pwcmp's form has no place for."""


def write_votes(collected: Collected, folder: Path) -> Exported:
    """Write votes.csv, and for each question pwcmp-QUESTION.csv, into ``folder``.

    Raises:
        IncompleteError: there are no votes yet.
        InputError: the folder cannot be written to.
    """
    if not collected.votes:
        raise IncompleteError(f"study {collected.name}: there are no votes yet")
    files = [folder / "votes.csv"]
    _write(files[0], (*OURS, *_MORE), _rows(collected.votes))
    ties = 0
    for question in collected.questions:
        counted = collected.counted(question)
        files.append(folder / f"pwcmp-{question or 'votes'}.csv")
        _write(files[-1], (PWCMP[0], "session", *PWCMP[1:]), [_pwcmp(vote) for vote in counted if vote.chosen is not None])
        ties += sum(vote.chosen is None for vote in counted)
    return Exported(tuple(files), len(collected.votes), ties)


def write_counted(collected: Collected, left_out: frozenset[str], path: Path) -> None:
    """Write the votes that a result counts: what a report's figure of votes reads (see `mgld_bench.report.figures`).

    Args:
        collected: the votes.
        left_out: participants whose votes do not count.
        path: the CSV file.
    """
    counted = [vote for question in collected.questions for vote in collected.counted(question, left_out)]
    _write(path, OURS, [_common(vote) for vote in counted])


def _common(vote: Vote) -> tuple[object, ...]:
    """The columns of OURS."""
    return (
        vote.participant,
        vote.question,
        vote.trial.dataset,
        vote.trial.clip,
        vote.trial.left,
        vote.trial.right,
        {"left": "a", "right": "b", "tie": "tie"}[vote.answer],
    )


def _rows(votes: Sequence[Vote]) -> list[tuple[object, ...]]:
    first: dict[str, datetime] = {}
    for vote in votes:
        moment = _moment(vote)
        first[vote.participant] = min(moment, first.get(vote.participant, moment))
    return [
        (
            *_common(vote),
            vote.trial.kind,
            vote.trial.position,
            "" if vote.trial.repeats is None else vote.trial.repeats,
            f"{vote.seconds:.3f}",
            f"{(_moment(vote) - first[vote.participant]).total_seconds():.0f}",
            vote.plays,
        )
        for vote in votes
    ]


def _moment(vote: Vote) -> datetime:
    # Python 3.10 does not read the Z.
    return datetime.fromisoformat(vote.decided_at.replace("Z", "+00:00"))


def _pwcmp(vote: Vote) -> tuple[object, ...]:
    scene = f"{vote.trial.dataset}/{vote.trial.clip}"
    return vote.participant, 1, scene, vote.trial.left, vote.trial.right, int(vote.answer == "left")


def _write(path: Path, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([visible_name(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    write_bytes_atomic(path, text.getvalue().encode())
