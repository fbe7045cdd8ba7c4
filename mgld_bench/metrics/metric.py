"""The interface of every metric: frames in chunks, one score per frame or clip out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import numpy.typing as npt

Direction = Literal["higher", "lower"]
Frames = npt.NDArray[np.uint8]
"""A chunk of frames: (n, height, width, 3) uint8 RGB."""


@dataclass(frozen=True)
class MetricFacts:
    """What a metric is, before it is loaded."""

    name: str
    """The full variant name, e.g. psnr.y.crop4."""
    title: str
    """The name in a table's head, e.g. PSNR."""
    direction: Direction
    needs_reference: bool
    per_frame: bool
    """False where only the whole clip has a score."""
    digits: int
    """Digits behind the point in tables."""
    revision: int
    """Raised when a change of the code changes values: older scores are then not reused."""
    definition: str
    """One line: colour, crop, range, model: everything that decides the number."""
    license: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """sha256 of each model file that decides the number."""


@dataclass(frozen=True)
class ClipScore:
    """One metric's score of one clip."""

    metric: str
    value: float
    """The clip's score: the mean over frames for a metric per frame. May be inf (PSNR of identical frames), never NaN."""
    per_frame: Mapping[int, float] | None
    """Score of each scored frame by its index, or None for a metric per clip."""
    notes: Mapping[str, float | str] = field(default_factory=dict)
    """What a reader should know: flat_share, encoder version, …"""


class ClipScorer(ABC):
    """Scores one restored clip: fed with consecutive chunks, then asked once for the result."""

    @abstractmethod
    def add(self, indices: list[int], restored: Frames, reference: Frames | None) -> None:
        """Score one chunk. ``indices``: frame numbers in the clip; ``reference`` is None where the metric needs none."""

    @abstractmethod
    def finish(self) -> ClipScore:
        """The score of everything that was added."""

    def close(self) -> None:
        """Give back processes and memory; also called when the clip is abandoned half-way."""


class Metric(ABC):
    """A metric, ready to score clips."""

    facts: MetricFacts

    @abstractmethod
    def start(self, height: int, width: int) -> ClipScorer:
        """A scorer for one clip of this frame size. Raises InputError where the size cannot be scored."""
