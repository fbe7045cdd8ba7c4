"""One side of a comparison as plain data: a method's scores, what they are of, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.comparing.frames import UNKNOWN, Frames
from mgld_bench.comparing.hardware import NOT_RECORDED, Hardware

Parts = Mapping[str, str]
"""Named facts, such as the versions of libraries."""


@dataclass(frozen=True)
class Scored:
    """One metric's score of one clip."""

    value: float
    """May be infinite, never NaN."""
    per_frame: Mapping[int, float] | None = None
    """By frame, where frames have scores of their own; None for a metric per clip, and where it is not known."""
    choice: str = ""
    """The frames that the protocol chose; "" where it is not known."""
    revision: int | None = None
    """Of the metric's code; None where it is not known."""
    files: Parts | None = None
    """sha256 of what decides the metric's numbers; None where it is not known."""

    @property
    def frames(self) -> tuple[int, ...] | None:
        """The frames that have a score of their own; None where there are none, or it is not known."""
        return None if self.per_frame is None else tuple(self.per_frame)


@dataclass(frozen=True)
class RestoredClip:
    """What is known of one restored clip; what is not known is empty."""

    pair: str = ""
    """The key of the pair that it was made of, or the sha256 of the ground truth that it was scored against."""
    made_of: Mapping[str, Any] = field(default_factory=dict)
    """What its key is a digest of: card, weights' sha256, revision, …"""
    origin: Parts = field(default_factory=dict)
    """Machine, device, precision, versions."""
    seconds: float | None = None
    """Per frame."""
    memory: int | None = None
    """Bytes, of the process at its largest."""
    gpu_memory: int | None = None
    key: str = ""
    """That of the restored clip's unit."""
    hardware: Hardware = NOT_RECORDED
    """Where it was restored."""


@dataclass(frozen=True)
class Profiled:
    """A measurement of what a method costs."""

    input: str
    """480x270, 10 frames"""
    seconds: tuple[float, ...]
    """Per frame, of each timed run."""
    memory: int
    """Bytes, of the process at its largest."""
    gpu_memory: int | None
    parameters: str
    """Counted, e.g. 16.70M."""
    hardware: Hardware
    measured_at: str
    """UTC, ISO 8601."""


@dataclass(frozen=True)
class State:
    """A method as it was at some time, in one store, folder or file."""

    method: str
    place: str
    """Where it comes from, as the user wrote it; "" for the workspace that all share."""
    protocol: str
    """"" where it is not known."""
    scores: Mapping[tuple[str, str], Mapping[str, Scored]]
    """By dataset and metric (full variant), then by clip."""
    clips: Mapping[tuple[str, str], RestoredClip] = field(default_factory=dict)
    """By dataset and clip."""
    scored_on: tuple[Parts, ...] = ()
    """Where its scores were made; more than one where machines or versions are mixed."""
    card: MethodCard | None = None
    """As it was recorded, else as it is here now; None where there is none."""
    run: int | None = None
    """The last run of the store that counts; None: all of them."""
    notes: tuple[str, ...] = ()
    """What a reader should know of this side, one line each."""
    frames: Frames = UNKNOWN
    """Where its clips can be looked at."""
    profiles: tuple[Profiled, ...] = ()
    """Measurements of just this method: its code, revision and options."""

    @property
    def datasets(self) -> tuple[str, ...]:
        """The datasets with scores, in the order in which they come."""
        return tuple(dict.fromkeys(dataset for dataset, _ in self.scores))

    @property
    def name(self) -> str:
        """The method, with its run where only some runs count."""
        return self.method if self.run is None else f"{self.method}@{self.run}"
