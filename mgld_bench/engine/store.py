"""The results database: finished units and their scores. Any number of writers and readers; every write is a transaction.

Units are only ever added, each with all of its scores in one transaction; of two writers with the same unit, the first one's is
kept. So what a reader finds is whole at any moment of a run, and he holds no lock for longer than one query of a few hundred
units takes. SQLite keeps its usual journal: its other one (WAL) does not work on
network file systems, where workspaces often are.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Executable, delete, inspect, select
from sqlalchemy.engine import URL
from sqlalchemy.orm import Session as OrmSession

from mgld_bench.engine.address import refuse_address
from mgld_bench.engine.database import insert_of, open_database, settle_schema, shown_address
from mgld_bench.engine.database_errors import database_errors
from mgld_bench.engine.schema.tables import ClipScoreRow, FrameScoreRow, RunRow, UnitRow
from mgld_bench.engine.seal import check_seal, require_scores, seal_of
from mgld_bench.engine.transactions import Transactions
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import ClipScore
from mgld_bench.signals import interrupt_held_back

if TYPE_CHECKING:
    # What reads scores need not load what restores.
    from mgld_bench.restoring.way import Way

Result = TypeVar("Result")

_NOTES, _SEAL = "notes", "seal"
"""Among the facts in the column of a score's notes: the list of its notes, and its digest."""


@dataclass(frozen=True)
class FinishedUnit:
    """What is kept of a finished unit."""

    key: str
    kind: str
    dataset: str
    clip: str
    method: str = ""
    metric: str = ""
    protocol: str = ""
    frames: int = 0
    seconds: float = 0.0
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class RecordedRun:
    """A run as it was recorded."""

    started_at: str
    report: str
    provenance: Mapping[str, Any]


@dataclass(frozen=True)
class RecordedUnit:
    """What the database holds of a finished unit beside its scores."""

    run: int
    """The number of the run that made it."""
    finished_at: str
    facts: Mapping[str, Any]


class Store:
    """Finished units and their scores in a database. Use as a context manager."""

    def __init__(self, url: str | URL, read_only: bool = False) -> None:
        """Open (or create) the database at this SQLAlchemy URL. Raises InputError where it cannot be used.

        ``read_only``: it has to be there, and nothing is written to it, also while a different process does.
        """
        self._engine = open_database(url, read_only)
        with database_errors(f"results database {shown_address(self._engine)}"):
            if read_only and not inspect(self._engine).has_table(UnitRow.__tablename__):
                # A run that has just begun has not made its tables yet.
                self._engine.dispose()
                self._engine = open_database("sqlite://", read_only=False)
                read_only = False
            with interrupt_held_back():
                settle_schema(self._engine, read_only)
        self._transactions = Transactions(self._engine, _say_nothing)

    def __enter__(self) -> Store:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    def log_to(self, log: Callable[[str], None]) -> None:
        """From now on, call ``log`` with a line where the connection to the database is lost, and where it is back."""
        self._transactions.log = log

    def transaction(self, writing: bool) -> AbstractContextManager[OrmSession]:
        """A transaction for what other files keep in the database: see kept_profiles. It is kept as a whole or not at all."""
        return self._transactions.block(writing)

    def transact(self, work: Callable[[OrmSession], Result], writing: bool = True) -> Result:
        """Do ``work`` in a transaction, which is done anew where the connection is lost; see `Transactions`."""
        return self._transactions.write(work) if writing else self._transactions.read(work)

    def begin_run(self, report: str, provenance: Mapping[str, Any]) -> int:
        """Record that a run of a report starts, with the facts about machine and software; returns the run's number."""

        def begin(session: OrmSession) -> int:
            row = RunRow(started_at=_now(), report=report, provenance=dict(provenance))
            session.add(row)
            session.flush()
            return row.id

        return self._transactions.write(begin)

    def runs(self, numbers: Iterable[int]) -> dict[int, RecordedRun]:
        """These runs, by their numbers."""
        chosen = select(RunRow).where(RunRow.id.in_(sorted(set(numbers)))).order_by(RunRow.id)
        return self._transactions.read(
            lambda session: {row.id: RecordedRun(row.started_at, row.report, row.provenance) for row in session.scalars(chosen)}
        )

    def units(self, keys: Iterable[str]) -> dict[str, RecordedUnit]:
        """The finished units among ``keys``, by key: which run made them, when, and what it recorded."""
        found: dict[str, RecordedUnit] = {}
        columns = select(UnitRow.key, UnitRow.run_id, UnitRow.finished_at, UnitRow.facts)
        for some in _batches(keys):
            for key, run, finished_at, facts in self._rows(columns.where(UnitRow.key.in_(some))):
                found[key] = RecordedUnit(run, finished_at, facts)
        return found

    def finished(self, keys: Iterable[str]) -> set[str]:
        """Those of ``keys`` whose unit is finished."""
        found: set[str] = set()
        for some in _batches(keys):
            found.update(key for (key,) in self._rows(select(UnitRow.key).where(UnitRow.key.in_(some))))
        return found

    def add(self, run: int, units: Iterable[tuple[FinishedUnit, ClipScore | None]]) -> None:
        """Add finished units of ``run``, with the scores of score units, in one transaction.

        A unit whose key is there already is left as it is.
        """
        rows = list(units)
        self._transactions.write(lambda session: self.add_in(session, run, rows))

    def add_in(self, session: OrmSession, run: int, units: Iterable[tuple[FinishedUnit, ClipScore | None]]) -> None:
        """See `add`; in a transaction that does more."""
        insert = insert_of(self._engine)
        finished_at = _now()
        # In one order for all writers: else two that add the same units might wait for each other.
        rows = sorted(units, key=lambda pair: pair[0].key)
        new = insert(UnitRow).on_conflict_do_nothing().returning(UnitRow.key)
        added = set(session.scalars(new, [_unit_values(run, unit, finished_at) for unit, _ in rows])) if rows else set()
        for unit, score in rows:
            if unit.key not in added or score is None:
                continue
            session.add(ClipScoreRow(unit=unit.key, value=score.value, notes=_notes_column(unit, score)))
            frames = (score.per_frame or {}).items()
            session.add_all(FrameScoreRow(unit=unit.key, frame=frame, value=value) for frame, value in frames)

    def remove(self, keys: Iterable[str]) -> None:
        """Remove the score units among ``keys``, with their scores."""
        batches = list(_batches(keys))

        def remove(session: OrmSession) -> None:
            for some in batches:
                for column in (FrameScoreRow.unit, ClipScoreRow.unit, UnitRow.key):
                    session.execute(delete(column.class_).where(column.in_(some)))

        self._transactions.write(remove)

    def scores(self, keys: Iterable[str]) -> dict[str, ClipScore]:
        """The scores of the finished score units among ``keys``, by key."""
        found: dict[str, ClipScore] = {}
        # As plain values: objects of the ORM take six times as long, and there are many frames.
        frames = select(FrameScoreRow.unit, FrameScoreRow.frame, FrameScoreRow.value).order_by(FrameScoreRow.frame)

        def read(session: OrmSession, some: Sequence[str]) -> dict[str, ClipScore]:
            # Units first, frames last: whatever is added meanwhile, what belongs to a unit that was found is found too.
            known = session.execute(select(UnitRow.key, UnitRow.kind, UnitRow.metric).where(UnitRow.key.in_(some))).all()
            rows = {row.unit: row for row in session.scalars(select(ClipScoreRow).where(ClipScoreRow.unit.in_(some)))}
            per_frame: dict[str, dict[int, float]] = {}
            for unit, frame, value in session.execute(frames.where(FrameScoreRow.unit.in_(some))):
                per_frame.setdefault(unit, {})[frame] = float(value)
            # Any sign of a score counts: one that somebody has changed must not make it disappear.
            metrics = {key: metric for key, kind, metric in known if kind == "score" or metric or key in rows}
            require_scores(metrics, rows)
            return {key: _clip_score(metric, rows[key], per_frame.get(key)) for key, metric in metrics.items()}

        for some in _batches(keys):
            found |= self._transactions.read(partial(read, some=some))
        return found

    def clip_values(self, keys: Iterable[str]) -> dict[str, tuple[FinishedUnit, float]]:
        """The finished score units among ``keys``, each with its clip's score: quicker than `scores`, which reads frames too."""
        chosen = select(UnitRow, ClipScoreRow.value).join(ClipScoreRow, UnitRow.key == ClipScoreRow.unit)
        found: dict[str, tuple[FinishedUnit, float]] = {}

        def read(session: OrmSession, some: Sequence[str]) -> list[tuple[FinishedUnit, float]]:
            rows = session.execute(chosen.where(UnitRow.key.in_(some)))
            return [(_finished_unit(unit), float(value)) for unit, value in rows]

        for some in _batches(keys):
            found |= {unit.key: (unit, value) for unit, value in self._transactions.read(partial(read, some=some))}
        return found

    @property
    def on_this_machine_only(self) -> bool:
        """Whether it is a SQLite file: several machines that write to one damage it, since locks do not reach that far."""
        return self._engine.dialect.name == "sqlite"

    @property
    def address(self) -> str:
        """Where the database is, for people: the file of SQLite, or the address without its password."""
        return shown_address(self._engine)

    def scored(self) -> set[tuple[str, str, str, str]]:
        """Of what there are scores, under whatever key: dataset, clip, method, metric."""
        columns = select(UnitRow.dataset, UnitRow.clip, UnitRow.method, UnitRow.metric).where(UnitRow.kind == "score")
        return {(dataset, clip, method, metric) for dataset, clip, method, metric in self._rows(columns)}

    def recorded(self, kind: str, methods: Sequence[str] = ()) -> list[tuple[FinishedUnit, RecordedUnit]]:
        """The finished units of a kind, the earliest first, in the same order on every database; ``methods``: only of these."""
        names = (UnitRow.dataset, UnitRow.clip, UnitRow.method, UnitRow.metric)
        chosen = select(UnitRow).where(UnitRow.kind == kind).order_by(UnitRow.run_id, UnitRow.finished_at, *names)
        if methods:
            chosen = chosen.where(UnitRow.method.in_(methods))
        return self._transactions.read(
            lambda session: [
                (_finished_unit(row), RecordedUnit(row.run_id, row.finished_at, row.facts)) for row in session.scalars(chosen)
            ]
        )

    def ways(self) -> dict[tuple[str, str, str], dict[str, Way]]:
        """In what way clips were restored: by dataset, clip and method, then by the unit's key, the latest first."""
        found: dict[tuple[str, str, str], dict[str, Way]] = {}
        columns = select(UnitRow.key, UnitRow.dataset, UnitRow.clip, UnitRow.method, UnitRow.facts)
        latest = columns.where(UnitRow.kind == "restore").order_by(UnitRow.run_id.desc(), UnitRow.finished_at.desc())
        for key, dataset, clip, method, facts in self._rows(latest):
            # Version 0.1 recorded none: its keys are those of the plain way.
            found.setdefault((dataset, clip, method), {})[key] = facts.get("way", {})
        return found

    def times(self) -> list[tuple[tuple[str, str], tuple[str, str], int, float]]:
        """The measured cost of finished units: (dataset, clip), (kind, method or metric, ``pairs`` for pairs), frames, seconds.

        Without those that were found as they were, such as pairs that a different command has built.
        """
        columns = select(
            UnitRow.dataset, UnitRow.clip, UnitRow.kind, UnitRow.method, UnitRow.metric, UnitRow.frames, UnitRow.seconds
        )
        return [
            ((dataset, clip), (kind, metric if kind == "score" else method or "pairs"), frames, seconds)
            for dataset, clip, kind, method, metric, frames, seconds in self._rows(columns.where(UnitRow.seconds > 0))
        ]

    def _rows(self, query: Executable) -> Sequence[Any]:
        """The rows of a query of columns."""
        return self._transactions.read(lambda session: session.execute(query).all())


def sqlite_address(file: Path) -> URL:
    """The URL of a SQLite file; written as text, ``?`` and ``%`` in a path would be read as parts of a URL."""
    return URL.create("sqlite", database=str(file))


def open_store(url: str, workspace: Path, create: bool) -> Store:
    """The database at ``url``, or the workspace's own SQLite file where that is "".

    Where ``create`` is false, nothing is written, and for a workspace without database it is an empty one in memory.
    """
    if url:
        return Store(url, read_only=not create)
    refuse_address(workspace)
    file = workspace / "results.sqlite"
    if create or file.exists():
        return Store(sqlite_address(file), read_only=not create)
    return Store("sqlite://")


def _batches(keys: Iterable[str]) -> Iterator[list[str]]:
    """The keys in lists that are short enough for one query."""
    wanted = list(keys)
    for first in range(0, len(wanted), 500):
        yield wanted[first : first + 500]


def _unit_values(run: int, unit: FinishedUnit, finished_at: str) -> dict[str, Any]:
    return {**vars(unit), "facts": dict(unit.facts), "run_id": run, "finished_at": finished_at}


def _finished_unit(row: UnitRow) -> FinishedUnit:
    return FinishedUnit(
        row.key, row.kind, row.dataset, row.clip, row.method, row.metric, row.protocol, row.frames, row.seconds, row.facts
    )


def _notes_column(unit: FinishedUnit, score: ClipScore) -> dict[str, Any]:
    """What is kept of a score beside its value: its facts by their names, its notes as ``notes``, its digest as ``seal``."""
    for name in (_NOTES, _SEAL):
        if name in score.facts:
            raise InputError(f"metric {score.metric}: a fact of a score cannot be called {name}: choose another name")
    return {**score.facts, _NOTES: list(score.notes), _SEAL: seal_of(unit.key, replace(score, metric=unit.metric))}


def _clip_score(metric: str, row: ClipScoreRow, per_frame: Mapping[int, float] | None) -> ClipScore:
    facts = {name: fact for name, fact in row.notes.items() if name not in (_NOTES, _SEAL)}
    notes = row.notes[_NOTES] if _NOTES in row.notes else _notes_of_older_row(metric, facts)
    score = ClipScore(metric, float(row.value), per_frame, tuple(notes), facts)
    check_seal(row.unit, score, row.notes, _SEAL)
    return score


def _notes_of_older_row(metric: str, facts: Mapping[str, float | str]) -> list[str]:
    """The notes of a row from before notes were kept: what its facts meant to a reader."""
    sentences = {
        "position": "{fact}",
        "infinite_at": "{metric} is infinite at frame {fact}",
        "pairs_left_out_at": "{metric} leaves out frame {fact}, where no pixel counts",
        "aesthetic_view": "{metric}: the aesthetic view sees {fact}",
        "flow_not_kept": "{metric}: the ground truth's flow could not be kept: {fact}",
    }
    return [text.format(metric=metric, fact=facts[name]) for name, text in sentences.items() if name in facts]


def _say_nothing(_line: str) -> None:
    """Where nobody has asked for lines."""


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
