"""Votes that were collected elsewhere, or exported by `study export`, read from CSV; what is not clear is refused with its line.

Two forms, told apart by their columns:

- pwcmp's: observer, session, scene, condition_A, condition_B, is_A_selected (1 or 0). Session may be missing; question, and 0.5
  for a tie, are extensions that pwcmp itself does not read. A scene ``dataset/clip`` has both.
- ours: participant, question, dataset, clip, method_a, method_b, choice (a, b or tie), and, where they are known, kind, position,
  repeats, seconds and plays. A stood on the left.
"""

from __future__ import annotations

import csv
import io
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, get_args

from mgld_bench.errors import InputError, did_you_mean, of_system
from mgld_bench.study.results.collected import Collected, collected_elsewhere
from mgld_bench.study.votes import GROUND_TRUTH, Answer, Kind, Trial, Vote

PWCMP: Final = ("observer", "scene", "condition_A", "condition_B", "is_A_selected")
OURS: Final = ("participant", "question", "dataset", "clip", "method_a", "method_b", "choice")
_SELECTED: Final[Mapping[float, Answer]] = {1.0: "left", 0.0: "right", 0.5: "tie"}
_CHOICES: Final[Mapping[str, Answer]] = {"a": "left", "b": "right", "tie": "tie"}


def votes_of_file(path: Path) -> Collected:
    """The votes in a CSV file.

    Raises:
        InputError: It cannot be read, has not the columns of either form, or a line is blank, incomplete, a duplicate, or has
            something that is no answer; with the line's number.
    """
    rows = _rows(path)
    form = _form(path, rows.columns)
    votes = [_pwcmp(path, row) if form is PWCMP else _own(path, row) for row in rows.rows]
    if not votes:
        raise InputError(f"{path}: holds no votes, only column names")
    _refuse_duplicates(path, rows, votes)
    _refuse_strange_repeats(path, rows, votes)
    return collected_elsewhere(path.stem, votes, timed=form is OURS and "seconds" in rows.columns)


@dataclass(frozen=True)
class _Row:
    """A line of the file."""

    line: int
    cells: Mapping[str, str]

    def get(self, column: str) -> str:
        return self.cells.get(column, "")


@dataclass(frozen=True)
class _Rows:
    columns: tuple[str, ...]
    rows: tuple[_Row, ...]


def _rows(path: Path) -> _Rows:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: votes cannot be read: {of_system(error)}") from None
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise InputError(f"{path}:{line}: is not UTF-8; save the file as CSV in UTF-8") from None
    if "\x00" in text:
        raise InputError(f"{path}: is not a text file; save it as CSV in UTF-8")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        lines = [(reader.line_num, cells) for cells in reader]
    except csv.Error as error:
        raise InputError(f"{path}:{reader.line_num}: is not CSV: {error}") from None
    while lines and not any(cell.strip() for cell in lines[-1][1]):
        lines.pop()
    if not lines:
        raise InputError(f"{path}: is empty")
    columns = tuple(name.strip() for name in lines[0][1])
    twice = sorted({name for name in columns if columns.count(name) > 1})
    if twice:
        raise InputError(f"{path}:1: the column {twice[0]!r} is there twice")
    rows = []
    for line, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            raise InputError(f"{path}:{line}: is blank; remove the line, and look whether a vote is missing there")
        if len(cells) != len(columns):
            raise InputError(f"{path}:{line}: has {len(cells)} values, and there are {len(columns)} columns")
        control = next(
            (cell for cell in cells if any(unicodedata.category(character) == "Cc" for character in cell.strip())), None
        )
        if control is not None:
            raise InputError(f"{path}:{line}: {control.strip()!r} holds a line break or another control character; remove it")
        rows.append(_Row(line, {name: cell.strip() for name, cell in zip(columns, cells, strict=True)}))
    return _Rows(columns, tuple(rows))


def _form(path: Path, columns: tuple[str, ...]) -> tuple[str, ...]:
    for form in (PWCMP, OURS):
        if set(form) <= set(columns):
            return form
    nearest = max((PWCMP, OURS), key=lambda form: len(set(form) & set(columns)))
    missing = next(name for name in nearest if name not in columns)
    if len(columns) == 1 and (";" in columns[0] or "\t" in columns[0]):
        raise InputError(f"{path}:1: its columns are not separated by commas; save it as CSV with commas")
    hint = did_you_mean(missing, columns, f"columns are {', '.join(columns)}")
    raise InputError(
        f"{path}:1: no column {missing!r} ({hint}); votes have {', '.join(PWCMP)} (pwcmp), or {', '.join(OURS)} (study export)"
    )


def _pwcmp(path: Path, row: _Row) -> Vote:
    text = row.get("is_A_selected")
    try:
        selected = float(text)
    except ValueError:
        selected = math.nan
    if selected not in _SELECTED:
        raise InputError(f"{path}:{row.line}: is_A_selected {text!r}: use 1, 0, or 0.5 for a tie")
    scene = _named(path, row, "scene")
    dataset, slash, clip = scene.partition("/")
    trial = _trial(
        path,
        row,
        "pair",
        (dataset, clip) if slash else ("", scene),
        ("condition_A", "condition_B"),
        _whole(path, row, "position"),
    )
    return Vote(
        participant=_named(path, row, "observer"),
        trial=trial,
        question=row.get("question"),
        answer=_SELECTED[selected],
        seconds=0.0,
        plays=0,
        decided_at="",
    )


def _own(path: Path, row: _Row) -> Vote:
    choice, kind = row.get("choice").lower(), row.get("kind") or "pair"
    if choice not in _CHOICES:
        raise InputError(f"{path}:{row.line}: choice {row.get('choice')!r}: use {', '.join(_CHOICES)}")
    found: Kind | None = next((known for known in get_args(Kind) if known == kind), None)
    if found is None:
        raise InputError(f"{path}:{row.line}: kind {kind!r}: use {', '.join(get_args(Kind))}")
    clip = row.get("dataset"), _named(path, row, "clip")
    position, repeats = _whole(path, row, "position"), _whole(path, row, "repeats")
    trial = _trial(path, row, found, clip, ("method_a", "method_b"), position)
    return Vote(
        participant=_named(path, row, "participant"),
        trial=trial.model_copy(update={"repeats": repeats}),
        question=row.get("question"),
        answer=_CHOICES[choice],
        seconds=_seconds(path, row),
        plays=_whole(path, row, "plays") or 0,
        decided_at="",
    )


def _trial(path: Path, row: _Row, kind: Kind, clip: tuple[str, str], sides: tuple[str, str], position: int | None) -> Trial:
    left, right = (_named(path, row, side) for side in sides)
    if left == right:
        raise InputError(f"{path}:{row.line}: a vote is between two methods, and both are {left!r}")
    if kind != "trap" and GROUND_TRUTH in (left, right):
        raise InputError(f"{path}:{row.line}: {GROUND_TRUTH} stands in a {kind}: it is shown in traps only")
    # Without a position in the file, the line is one: no two votes of one question share it.
    return Trial(
        position=row.line if position is None else position, kind=kind, dataset=clip[0], clip=clip[1], left=left, right=right
    )


def _named(path: Path, row: _Row, column: str) -> str:
    text = row.get(column)
    # What a table of numbers leaves where there was nothing.
    if not text or text.casefold() == "nan":
        raise InputError(f"{path}:{row.line}: {column} is {repr(text) if text else 'empty'}: name it, or remove the line")
    return text


def _whole(path: Path, row: _Row, column: str) -> int | None:
    text = row.get(column)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise InputError(f"{path}:{row.line}: {column} {text!r}: use a whole number")
    return int(text)


def _seconds(path: Path, row: _Row) -> float:
    text = row.get("seconds")
    if not text:
        return 0.0
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise InputError(f"{path}:{row.line}: seconds {text!r}: use a number, 0 or more")
    return value


def _refuse_duplicates(path: Path, rows: _Rows, votes: list[Vote]) -> None:
    """No participant answers a question about a pair of methods on a clip twice in a session, but for repeats and training."""
    seen: dict[tuple[object, ...], int] = {}
    for row, vote in zip(rows.rows, votes, strict=True):
        trial = vote.trial
        if trial.kind not in ("pair", "trap"):
            continue
        pair = frozenset((trial.left, trial.right))
        key = (vote.participant, row.get("session"), vote.question, trial.kind, trial.dataset, trial.clip, pair)
        if key in seen and (trial.kind == "pair" or "position" not in rows.columns):
            raise InputError(
                f"{path}:{row.line}: {vote.participant} has voted on {' and '.join(sorted(pair))} of {trial.clip} before, in "
                f"line {seen[key]}; remove one, or give them different sessions"
            )
        seen.setdefault(key, row.line)


def _refuse_strange_repeats(path: Path, rows: _Rows, votes: list[Vote]) -> None:
    first = {(vote.participant, vote.trial.position): vote for vote in votes if vote.trial.kind == "pair"}
    for row, vote in zip(rows.rows, votes, strict=True):
        if vote.trial.kind == "repeat":
            repeated = first.get((vote.participant, -1 if vote.trial.repeats is None else vote.trial.repeats))
            if repeated is None or {repeated.trial.left, repeated.trial.right} != {vote.trial.left, vote.trial.right}:
                raise InputError(
                    f"{path}:{row.line}: is a repeat, but its column repeats names no position of {vote.participant} with "
                    "this pair"
                )
