"""The history of nights, in the results database."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any, Final, Literal

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from mgld_bench.engine.schema.tables import NightRow
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError

Verdict = Literal["accepted", "rejected", "incomplete"]
Kind = Literal["quality", "identity"]
INTERRUPTED: Final = "interrupted, and another checkpoint came before it was run again"


@dataclass(frozen=True)
class Night:
    """One night as it is recorded."""

    id: int
    suite: str
    method: str
    """The card that the checkpoint's own extends: nights of one suite and method are one series."""
    checkpoint: str
    """The path of its file."""
    sha256: str
    name: str
    """The method under which its restored clips and scores are kept."""
    kind: str
    """quality: a checkpoint's first night; identity: a repetition of one."""
    started_at: str
    finished_at: str
    verdict: str
    """accepted, rejected, incomplete; "" while it goes on, and where it was interrupted."""
    why: str
    accepted_at: str
    """When it became the reference; "" where it never did."""
    by_hand: bool
    """Whether somebody accepted it."""
    run: int | None
    """The last run of the suite that made a part of it; None where there was nothing left to do."""
    units: tuple[str, ...]
    """The keys of its scores."""
    facts: Mapping[str, Any]
    """environment, lines, …: see `night`."""

    @property
    def lines(self) -> tuple[str, ...]:
        """What it saw, one line each."""
        return tuple(self.facts.get("lines", ()))


def nights(store: Store, suite: str = "", method: str = "") -> tuple[Night, ...]:
    """The nights of a suite and method, the earliest first; "": of all. None in a database of before there were nights."""
    with store.transaction(writing=False) as session:
        if not inspect(session.connection()).has_table(NightRow.__tablename__):
            return ()
        chosen = select(NightRow).order_by(NightRow.id)
        if suite:
            chosen = chosen.where(NightRow.suite == suite)
        if method:
            chosen = chosen.where(NightRow.method == method)
        return tuple(map(_night, session.scalars(chosen)))


def night_of(store: Store, number: int) -> Night:
    """The night of this number. Raises InputError where there is none."""
    for night in nights(store):
        if night.id == number:
            return night
    raise InputError(f"night {number}: there is none; mgld-bench nightly history lists all")


def reference_of(series: Sequence[Night]) -> Night | None:
    """The accepted night: the one that became the reference last."""
    return max((night for night in series if night.accepted_at), key=lambda night: (night.accepted_at, night.id), default=None)


def anchor_of(series: Sequence[Night]) -> Night | None:
    """The night that only somebody's decision moves: the one that was accepted by hand last, else the first accepted one."""
    accepted = sorted((night for night in series if night.accepted_at), key=lambda night: (night.accepted_at, night.id))
    by_hand = [night for night in accepted if night.by_hand]
    return by_hand[-1] if by_hand else accepted[0] if accepted else None


def begin(store: Store, night: Night) -> Night:
    """Record that a night has begun; ``night.id`` is 0 for a new one, which gets its number here, else it begins again."""
    with store.transaction(writing=True) as session:
        for left in session.scalars(
            select(NightRow).where(
                NightRow.suite == night.suite, NightRow.method == night.method, NightRow.verdict == "", NightRow.id != night.id
            )
        ):
            left.verdict, left.why, left.finished_at = "incomplete", INTERRUPTED, now()
        new = NightRow(accepted_at="", by_hand=False)
        row = session.get_one(NightRow, night.id) if night.id else new
        row.suite, row.method, row.checkpoint, row.sha256 = night.suite, night.method, night.checkpoint, night.sha256
        row.name, row.kind, row.started_at = night.name, night.kind, night.started_at
        row.finished_at, row.verdict, row.why, row.units, row.facts = "", "", "", [], dict(night.facts)
        session.add(row)
        session.flush()
        return _night(row)


def finish(
    store: Store,
    number: int,
    verdict: Verdict,
    why: str,
    *,
    run: int | None = None,
    units: Sequence[str] = (),
    facts: Mapping[str, Any] | None = None,
    becomes_reference: bool = False,
) -> Night:
    """Record what a night came to; returns it."""
    with store.transaction(writing=True) as session:
        row = session.get_one(NightRow, number)
        row.finished_at, row.verdict, row.why = now(), verdict, why
        row.run_id, row.units, row.facts = run, list(units), {**row.facts, **(facts or {})}
        if becomes_reference:
            row.accepted_at = _next_decision(session, row)
        session.flush()
        return _night(row)


def accept(store: Store, number: int, why: str) -> Night:
    """Make a night the reference and the anchor of its series, because somebody decided so.

    Raises:
        InputError: there is no such night, it has no complete scores, it repeats another night, or there is no reason.
    """
    night = night_of(store, number)
    if not why.strip():
        raise InputError("--why is empty: the history keeps the reason")
    # A night that is incomplete only because it took too long has all its scores.
    if night.verdict not in ("accepted", "rejected") and not night.facts.get("complete"):
        raise InputError(f"night {number} is {night.verdict or 'not finished'}: only a night with all its scores can be accepted")
    if night.kind == "identity":
        raise InputError(f"night {number} repeats an earlier one to see whether its scores are the same: accept that one")
    with store.transaction(writing=True) as session:
        row = session.get_one(NightRow, number)
        earlier = f"; before: {row.verdict}: {row.why}" if row.why else ""
        row.verdict, row.why, row.by_hand = "accepted", f"by hand: {why.strip()}{earlier}", True
        row.accepted_at = _next_decision(session, row)
        session.flush()
        return _night(row)


def now() -> str:
    """UTC, ISO 8601; to the microsecond, since the order of decisions counts."""
    return datetime.now(timezone.utc).isoformat(timespec="microseconds")


def _next_decision(session: Session, row: NightRow) -> str:
    """The moment of a decision about the series of ``row``: after all before it, even if the clock was moved back."""
    series = select(NightRow.accepted_at).where(NightRow.suite == row.suite, NightRow.method == row.method)
    latest = max((moment for moment in session.scalars(series) if moment), default="")
    moment = now()
    if latest < moment:
        return moment
    return (datetime.fromisoformat(latest) + timedelta(microseconds=1)).isoformat(timespec="microseconds")


def _night(row: NightRow) -> Night:
    """The row as a night. Raises ValueError where somebody has put something else into it."""
    if not (isinstance(row.units, list) and all(isinstance(key, str) for key in row.units)):
        raise ValueError(f"night {row.id}: units is no list of keys")
    lines = row.facts.get("lines", []) if isinstance(row.facts, dict) else None
    if not (isinstance(lines, list) and all(isinstance(line, str) for line in lines)):
        raise ValueError(f"night {row.id}: facts, or the lines in it, are not as a night has them")
    texts = (row.suite, row.method, row.checkpoint, row.sha256, row.name, row.kind, row.started_at, row.finished_at)
    if not all(isinstance(text, str) for text in (*texts, row.verdict, row.why, row.accepted_at)):
        raise ValueError(f"night {row.id}: a field of it is no text")
    return Night(
        id=row.id,
        suite=row.suite,
        method=row.method,
        checkpoint=row.checkpoint,
        sha256=row.sha256,
        name=row.name,
        kind=row.kind,
        started_at=row.started_at,
        finished_at=row.finished_at,
        verdict=row.verdict,
        why=row.why,
        accepted_at=row.accepted_at,
        by_hand=row.by_hand,
        run=row.run_id,
        units=tuple(row.units),
        facts=row.facts,
    )
