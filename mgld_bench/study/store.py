"""Participants, trials and votes of a study, in a database of its own (SQLite) beside its videos."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Float,
    ForeignKeyConstraint,
    Integer,
    RowMapping,
    String,
    create_engine,
    event,
    func,
    insert,
    select,
    text,
    update,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.pool import ConnectionPoolEntry

from mgld_bench.engine.database_errors import REMEDIES, database_errors
from mgld_bench.errors import InputError
from mgld_bench.study.votes import Side, Trial, Vote

_VERSION: Final = 1
"""The form of the tables, as SQLite's user_version."""
_COPY: Final = "bring back a copy of it: votes are nowhere else"
_REMEDIES: Final = {
    **REMEDIES,
    "malformed": f"it is damaged: {_COPY}",
    "not a database": _COPY,
    "readonly": "check who may write to it and to its folder",
    "unable to open": "check who may use it and its folder; from where nothing can be written, copy the folder first",
    "no such table": f"it is of a different program: {_COPY}",
    "no such column": f"it is of a different program: {_COPY}",
}
"""What to do, by a part of what SQLite reports: unlike scores, votes cannot be made again."""


class _Table(DeclarativeBase):
    """What the tables share."""


class _Participant(_Table):
    __tablename__ = "participants"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    token_sha256: Mapped[str] = mapped_column(String, unique=True)
    expires_at: Mapped[str] = mapped_column(String)
    opened_at: Mapped[str | None] = mapped_column(String)
    consented_at: Mapped[str | None] = mapped_column(String)
    finished_at: Mapped[str | None] = mapped_column(String)
    browser: Mapped[str | None] = mapped_column(String)


class _Trial(_Table):
    __tablename__ = "trials"
    participant: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    kind: Mapped[str] = mapped_column(String)
    dataset: Mapped[str] = mapped_column(String)
    clip: Mapped[str] = mapped_column(String)
    left: Mapped[str] = mapped_column(String)
    right: Mapped[str] = mapped_column(String)
    repeats: Mapped[int | None] = mapped_column(Integer)


class _Vote(_Table):
    __tablename__ = "votes"
    participant: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    question: Mapped[str] = mapped_column(String, primary_key=True)
    answer: Mapped[str] = mapped_column(String)
    seconds: Mapped[float] = mapped_column(Float)
    plays: Mapped[int] = mapped_column(Integer)
    decided_at: Mapped[str] = mapped_column(String)
    __table_args__ = (ForeignKeyConstraint(["participant", "position"], ["trials.participant", "trials.position"]),)


class _Fetch(_Table):
    __tablename__ = "fetches"
    participant: Mapped[int] = mapped_column(Integer, primary_key=True)
    position: Mapped[int] = mapped_column(Integer, primary_key=True)
    side: Mapped[str] = mapped_column(String, primary_key=True)
    fetched_at: Mapped[str] = mapped_column(String)
    __table_args__ = (ForeignKeyConstraint(["participant", "position"], ["trials.participant", "trials.position"]),)


@dataclass(frozen=True)
class Participant:
    """A participant of a study: a number and moments, nothing of a person. Moments are UTC in ISO 8601; None: not yet."""

    number: int
    expires_at: str
    opened_at: str | None
    consented_at: str | None
    finished_at: str | None
    browser: dict[str, Any] | None
    """Screen and browser as the page reported them when it was opened."""


def token_digest(token: str) -> str:
    """What is kept of a link's secret part: its SHA-256. Who reads the database cannot vote with it."""
    return hashlib.sha256(token.encode()).hexdigest()


class VoteStore:
    """The database of one study. Every call is a transaction of its own; a vote is on disk before `record` returns."""

    def __init__(self, file: Path) -> None:
        """Open it, and make its tables where it is new. Raises InputError where it cannot be used."""
        self._named = f"votes {file}"
        self._engine = create_engine(URL.create("sqlite", database=str(file)), connect_args={"timeout": 30.0})
        event.listen(self._engine, "connect", _durable)
        try:
            with database_errors(self._named, _REMEDIES), self._engine.begin() as connection:
                version = int(connection.execute(text("PRAGMA user_version")).scalar_one())
                if version > _VERSION:
                    raise InputError(f"{self._named}: a later release has written it; update mgld-bench")
                if version == 0:
                    _Table.metadata.create_all(connection)
                    connection.execute(text(f"PRAGMA user_version = {_VERSION}"))
        except InputError:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the file."""
        self._engine.dispose()

    def add_participant(self, token: str, expires_at: str, trials: Sequence[Trial]) -> int:
        """Add a participant with the trials of the schedule, and return the number, counted from 1."""
        with self._transaction() as connection:
            number = int(connection.execute(select(func.coalesce(func.max(_Participant.number), 0))).scalar_one()) + 1
            row = {"number": number, "token_sha256": token_digest(token), "expires_at": expires_at}
            connection.execute(insert(_Participant), [row])
            if trials:
                connection.execute(insert(_Trial), [{"participant": number, **trial.model_dump()} for trial in trials])
            return number

    def participants(self) -> list[Participant]:
        """All, by number."""
        with self._transaction() as connection:
            rows = connection.execute(select(_Participant.__table__).order_by(_Participant.number)).mappings()
            return [_participant(row) for row in rows]

    def participant_of(self, token: str) -> Participant | None:
        """Whose link this is; None: nobody's. It is found by the digest, so that timing says nothing of the tokens that exist."""
        query = select(_Participant.__table__).where(_Participant.token_sha256 == token_digest(token))
        with self._transaction() as connection:
            row = connection.execute(query).mappings().one_or_none()
        return None if row is None else _participant(row)

    def mark(self, number: int, moment: str, at: str, browser: dict[str, Any] | None = None) -> None:
        """Note a moment of a participant (opened_at, consented_at, finished_at), and the browser; only the first time counts."""
        column = {
            "opened_at": _Participant.opened_at,
            "consented_at": _Participant.consented_at,
            "finished_at": _Participant.finished_at,
        }[moment]
        values: dict[str, Any] = {moment: at}
        if browser is not None:
            values["browser"] = json.dumps(browser, allow_nan=False)
        with self._transaction() as connection:
            connection.execute(update(_Participant).where(_Participant.number == number, column.is_(None)).values(values))

    def trials(self, number: int) -> list[Trial]:
        """The trials of a participant, in order."""
        query = select(_Trial.__table__).where(_Trial.participant == number).order_by(_Trial.position)
        with self._transaction() as connection:
            return [_trial(row) for row in connection.execute(query).mappings()]

    def shown(self) -> set[tuple[str, str, str]]:
        """Dataset, clip and side (a method or GROUND_TRUTH) of all that the trials show."""
        with self._transaction() as connection:
            queries = [select(_Trial.dataset, _Trial.clip, side).distinct() for side in (_Trial.left, _Trial.right)]
            return {(dataset, clip, side) for query in queries for dataset, clip, side in connection.execute(query)}

    def record(self, number: int, votes: Sequence[Vote]) -> bool:
        """Keep the answers to one trial, all or none; False: it has been answered before, and nothing changes.

        Raises:
            InputError: the trial is none of this participant's, or the database cannot be written.
        """
        rows = [
            {
                "participant": number,
                "position": vote.trial.position,
                "question": vote.question,
                "answer": vote.answer,
                "seconds": vote.seconds,
                "plays": vote.plays,
                "decided_at": vote.decided_at,
            }
            for vote in votes
        ]
        try:
            with self._transaction() as connection:
                connection.execute(insert(_Vote), rows)
        except IntegrityError as error:
            if "UNIQUE" in str(error.orig):
                return False
            raise InputError(f"{self._named}: participant {number} has no trial {votes[0].trial.position}") from error
        return True

    def answered(self, number: int) -> set[int]:
        """The positions that a participant has answered."""
        query = select(_Vote.position).where(_Vote.participant == number).distinct()
        with self._transaction() as connection:
            return set(connection.execute(query).scalars())

    def last_answer_at(self, number: int) -> str | None:
        """When a participant answered last; None: not yet."""
        query = select(func.max(_Vote.decided_at)).where(_Vote.participant == number)
        with self._transaction() as connection:
            return connection.execute(query).scalar_one()

    def note_fetched(self, number: int, position: int, side: Side, at: str) -> None:
        """Note when a participant's browser asked for one video of a trial; only the first time counts."""
        row = {"participant": number, "position": position, "side": side, "fetched_at": at}
        with self._transaction() as connection:
            connection.execute(insert(_Fetch).prefix_with("OR IGNORE"), row)

    def fetched(self, number: int, position: int) -> dict[str, str]:
        """When each side of a trial was first asked for."""
        query = select(_Fetch.side, _Fetch.fetched_at).where(_Fetch.participant == number, _Fetch.position == position)
        with self._transaction() as connection:
            return {row.side: row.fetched_at for row in connection.execute(query)}

    def votes(self) -> list[Vote]:
        """All votes, by participant, position and question."""
        query = (
            select(_Vote.__table__, *(column for column in _Trial.__table__.c if column.name not in {"participant", "position"}))
            .join(_Trial, (_Vote.participant == _Trial.participant) & (_Vote.position == _Trial.position))
            .order_by(_Vote.participant, _Vote.position, _Vote.question)
        )
        with self._transaction() as connection:
            rows = connection.execute(query).mappings()
            return [
                Vote(
                    participant=str(row["participant"]),
                    trial=_trial(row),
                    question=row["question"],
                    answer=row["answer"],
                    seconds=row["seconds"],
                    plays=row["plays"],
                    decided_at=row["decided_at"],
                )
                for row in rows
            ]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError:
            raise
        except Exception as error:
            with database_errors(self._named, _REMEDIES):
                raise error


def _durable(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _participant(row: RowMapping) -> Participant:
    browser = None if row["browser"] is None else json.loads(row["browser"])
    return Participant(row["number"], row["expires_at"], row["opened_at"], row["consented_at"], row["finished_at"], browser)


def _trial(row: RowMapping) -> Trial:
    fields = {name: row[name] for name in ("position", "kind", "dataset", "clip", "left", "right", "repeats")}
    return Trial.model_validate(fields)
