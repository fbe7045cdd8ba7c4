"""The tables of the results database. What changes here needs a migration in `versions`: a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Dialect, Float, ForeignKey, Integer, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class _Object(TypeDecorator[dict[str, Any]]):
    """A mapping as JSON; a row that holds anything else is damaged, which is found when it is read."""

    impl = JSON
    cache_ok = True

    def process_result_value(self, value: object, dialect: Dialect) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise ValueError(f"{str(value)[:40]} in place of a mapping")
        return value


class Table(DeclarativeBase):
    """What all tables share."""

    type_annotation_map = {dict[str, Any]: _Object, list[str]: JSON}  # noqa: RUF012 - SQLAlchemy's way to declare it


class RunRow(Table):
    """One execution of a suite."""

    __tablename__ = "runs"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    started_at: Mapped[str] = mapped_column(String)
    report: Mapped[str] = mapped_column(String)
    provenance: Mapped[dict[str, Any]]


class UnitRow(Table):
    """One finished unit."""

    __tablename__ = "units"
    key: Mapped[str] = mapped_column(String, primary_key=True)
    kind: Mapped[str] = mapped_column(String, index=True)
    """pair, restore or score."""
    dataset: Mapped[str] = mapped_column(String)
    clip: Mapped[str] = mapped_column(String)
    method: Mapped[str] = mapped_column(String)
    metric: Mapped[str] = mapped_column(String)
    protocol: Mapped[str] = mapped_column(String)
    run_id: Mapped[int] = mapped_column(ForeignKey("runs.id"))
    finished_at: Mapped[str] = mapped_column(String)
    frames: Mapped[int] = mapped_column(Integer)
    seconds: Mapped[float] = mapped_column(Float)
    facts: Mapped[dict[str, Any]]


class ClipScoreRow(Table):
    """The clip's score of a score unit."""

    __tablename__ = "clip_scores"
    unit: Mapped[str] = mapped_column(ForeignKey("units.key"), primary_key=True)
    value: Mapped[float] = mapped_column(Float)
    notes: Mapped[dict[str, Any]]


class FrameScoreRow(Table):
    """A frame's score of a score unit."""

    __tablename__ = "frame_scores"
    unit: Mapped[str] = mapped_column(ForeignKey("units.key"), primary_key=True)
    frame: Mapped[int] = mapped_column(Integer, primary_key=True)
    value: Mapped[float] = mapped_column(Float)


class ProfileRow(Table):
    """One measured cost of a method."""

    __tablename__ = "profiles"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    identity: Mapped[str] = mapped_column(String, index=True)
    """What was measured; see `kept_profiles.profile_identity`."""
    method: Mapped[str] = mapped_column(String)
    measured_at: Mapped[str] = mapped_column(String)
    facts: Mapped[dict[str, Any]]


class NightRow(Table):
    """One night: a nightly run of a suite on one checkpoint. See `mgld_bench.nightly.history`."""

    __tablename__ = "nights"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    suite: Mapped[str] = mapped_column(String, index=True)
    method: Mapped[str] = mapped_column(String)
    """The card that the checkpoint's own extends."""
    checkpoint: Mapped[str] = mapped_column(String)
    sha256: Mapped[str] = mapped_column(String)
    name: Mapped[str] = mapped_column(String)
    """Under which its restored clips and scores are kept."""
    kind: Mapped[str] = mapped_column(String)
    """quality or identity."""
    started_at: Mapped[str] = mapped_column(String)
    finished_at: Mapped[str] = mapped_column(String)
    """"" while it goes on, and where it was interrupted; likewise ``verdict``."""
    verdict: Mapped[str] = mapped_column(String)
    """accepted, rejected or incomplete."""
    why: Mapped[str] = mapped_column(String)
    accepted_at: Mapped[str] = mapped_column(String)
    """When it became the reference; "" where it never did."""
    by_hand: Mapped[bool] = mapped_column(Boolean)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("runs.id"))
    units: Mapped[list[str]]
    """The keys of its scores."""
    facts: Mapped[dict[str, Any]]
