"""The tables of the results database. What changes here needs a migration in `versions`: a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Dialect, Float, ForeignKey, Index, Integer, String, TypeDecorator
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class _Object(TypeDecorator[dict[str, Any]]):
    """A mapping as JSON; a row that holds anything else is damaged, which is found when it is read."""

    impl = JSON
    cache_ok = True

    @property
    def python_type(self) -> type[dict[str, Any]]:
        """What a value is in Python; SQLAlchemy 2.0 does not take it from ``impl``."""
        return dict

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


class JobRow(Table):
    """One run whose units workers take. See `mgld_bench.engine.executors`, also for the tables below."""

    __tablename__ = "jobs"
    id: Mapped[int] = mapped_column(Integer, primary_key=True)
    place: Mapped[str] = mapped_column(String, index=True)
    """The identity of its workspace, which the workspace holds too."""
    workspace: Mapped[str] = mapped_column(String)
    host: Mapped[str] = mapped_column(String)
    machine: Mapped[str] = mapped_column(String)
    """The identity of the machine that asked for it: two hosts may have one name."""
    report: Mapped[str] = mapped_column(String)
    request: Mapped[dict[str, Any]]
    """How to open its suite; see `SuiteRequest`."""
    command: Mapped[str] = mapped_column(String)
    versions: Mapped[dict[str, Any]]
    """Of what decides keys and frames, where it was planned."""
    started_at: Mapped[str] = mapped_column(String)
    seen: Mapped[float] = mapped_column(Float)
    """When the run that asked for it was last there; likewise all moments below: seconds of the database's clock."""
    closed: Mapped[bool] = mapped_column(Boolean)
    """Whether that run has ended."""


class TaskRow(Table):
    """One unit that a worker is to do, does, or has done."""

    __tablename__ = "queue"
    place: Mapped[str] = mapped_column(String, primary_key=True)
    key: Mapped[str] = mapped_column(String, primary_key=True)
    job: Mapped[int] = mapped_column(ForeignKey("jobs.id"))
    kind: Mapped[str] = mapped_column(String)
    dataset: Mapped[str] = mapped_column(String)
    clip: Mapped[str] = mapped_column(String)
    method: Mapped[str] = mapped_column(String)
    metric: Mapped[str] = mapped_column(String)
    frames: Mapped[int] = mapped_column(Integer)
    position: Mapped[int] = mapped_column(Integer)
    """In the plan: of what is ready, the first is taken first."""
    device: Mapped[str] = mapped_column(String)
    """The kind of device that it needs, such as cuda; "" where any worker can do it."""
    needs: Mapped[str] = mapped_column(String)
    """The key of the unit that has to be done first; "" for none."""
    state: Mapped[str] = mapped_column(String)
    """blocked, ready, running, done or failed."""
    worker: Mapped[str] = mapped_column(String)
    token: Mapped[str] = mapped_column(String)
    """Of the claim under which it is done."""
    lease: Mapped[float] = mapped_column(Float)
    """Until when it belongs to its worker, unless that renews it."""
    started: Mapped[float] = mapped_column(Float)
    seconds: Mapped[float] = mapped_column(Float)
    losses: Mapped[int] = mapped_column(Integer)
    """How many workers were lost while they did it."""
    changed: Mapped[float] = mapped_column(Float)
    """When its state changed last."""
    error: Mapped[str] = mapped_column(String)
    __table_args__ = (
        Index("ix_queue_first", "job", "state", "device", "position"),
        Index("ix_queue_lease", "state", "lease"),
        Index("ix_queue_needs", "place", "needs"),
        Index("ix_queue_changed", "place", "changed"),
    )


class WorkerRow(Table):
    """One process that takes units."""

    __tablename__ = "workers"
    id: Mapped[str] = mapped_column(String, primary_key=True)
    host: Mapped[str] = mapped_column(String)
    machine: Mapped[str] = mapped_column(String)
    pid: Mapped[int] = mapped_column(Integer)
    device: Mapped[str] = mapped_column(String)
    executor: Mapped[str] = mapped_column(String)
    """What started it: local, ray, slurm, or worker where somebody did."""
    started: Mapped[float] = mapped_column(Float)
    seen: Mapped[float] = mapped_column(Float)
    doing: Mapped[str] = mapped_column(String)
    """In words, with the frames that are done."""
    notes: Mapped[list[str]]
    """What it has to report of its machine, one line each."""
    ended: Mapped[str] = mapped_column(String)
    """Why it has ended; "" while it works, and where it was killed."""


class CanaryRow(Table):
    """What a fixed computation gave on the first device of a kind."""

    __tablename__ = "canaries"
    kind: Mapped[str] = mapped_column(String, primary_key=True)
    """The device's model, and the version of PyTorch."""
    digest: Mapped[str] = mapped_column(String)
    host: Mapped[str] = mapped_column(String)
    """Where it was computed first."""
