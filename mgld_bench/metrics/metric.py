"""The interface of every metric: frames in chunks, one score per frame or clip out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Literal, TypeVar, cast

import numpy as np
import numpy.typing as npt

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ClipFacts, Frame
from mgld_bench.errors import InputError

Direction = Literal["higher", "lower"]
Frames = npt.NDArray[np.uint8]
"""A chunk of frames: (n, height, width, 3) uint8 RGB."""
Value = TypeVar("Value")
MOST_FLAT_SHARE = 0.05
"""NIQE and BRISQUE are unreliable on flat area; above this share of a clip (their fact ``flat_share``), readers are warned."""


@dataclass(frozen=True)
class MetricFacts:
    """What a metric is, known before it is loaded."""

    name: str
    """The full variant name, e.g. psnr.y.crop4."""
    title: str
    """The name in the head of a table, e.g. PSNR."""
    direction: Direction
    needs_reference: bool
    per_frame: bool
    """False where only the whole clip has a score."""
    digits: int
    """Decimal places in tables."""
    revision: int
    """Raised when a change of the code changes values, so that older scores are not reused."""
    definition: str
    """Everything that decides the number, in one line: colour, crop, range, model."""
    license: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    """What else decides the number, by name: sha256 of shipped or recorded model files, versions of packages."""
    weights: Mapping[str, WeightFile] = field(default_factory=dict)
    """Weight files by role. They decide the number too; where one is missing the metric cannot run."""
    infinite: str = ""
    """What an infinite score means, e.g. identical frames; "" where it means nothing and is an error, as NaN always is."""
    needs_neighbours: bool = False
    """True where a frame's score depends on its neighbours: the metric is then given every frame, whichever are selected."""
    bounds: tuple[float | None, float | None] = (None, None)
    """The lowest and the highest score that there can be; None: there is no such end. Intervals are cut there."""
    shown_facts: tuple[str, ...] = ()
    """Which facts of a clip's score `mgld-bench score` prints below its table, e.g. the seed of a random choice."""


@dataclass(frozen=True)
class ClipScore:
    """One metric's score of one clip."""

    metric: str
    value: float
    """The clip's score: the mean over frames for a metric per frame. May be inf (PSNR of identical frames), never NaN."""
    per_frame: Mapping[int, float] | None
    """Score of each scored frame by its index, or None for a metric per clip."""
    notes: tuple[str, ...] = ()
    """What a reader of the score must know: sentences without a full stop, which `score` and reports show as they are."""
    facts: Mapping[str, float | str] = field(default_factory=dict)
    """What programs may want to know, by name: flat_share, seed, version of ffmpeg, … The name `notes` is taken: the results
    database keeps the notes under it."""


@dataclass(frozen=True)
class MemoryNeed:
    """Bytes that scoring takes on a metric's device."""

    fixed: int = 0
    """At any time, whatever the chunk."""
    per_frame: int = 0
    """More, for each frame of a chunk."""


class Kept:
    """Values that are computed once and kept."""

    def __init__(self) -> None:
        self._values: dict[Hashable, object] = {}

    def get(self, key: Hashable, compute: Callable[[], Value]) -> Value:
        """``compute()``, done at the first call with this ``key``."""
        if key not in self._values:
            self._values[key] = compute()
        return cast(Value, self._values[key])


class SharedWork(Kept):
    """What the metrics that score one clip share, from chunk to chunk."""

    def __init__(self, metrics: Sequence[Metric] = ()) -> None:
        """``metrics``: those that score the clip, so that one of them can prepare what several of them need."""
        super().__init__()
        self.metrics = tuple(metrics)


class Chunk:
    """Some frames of one clip, in order, with what metrics have computed from them.

    All methods that are scored against a ground truth are given the same object as its chunk, and all metrics of a restored clip
    the same object as its chunk: what is kept with shared() is computed once for all of them.
    """

    def __init__(
        self, indices: Sequence[int], frames: Frames, previous: Frame | None = None, clip: SharedWork | None = None
    ) -> None:
        """A chunk of these frames.

        Args:
            indices: The frames' numbers in the clip, ascending.
            frames: As many frames.
            previous: The frame of the clip just before the first; None at its start, and where the frames are a selection.
            clip: What metrics share from chunk to chunk of the same clip.
        """
        self.indices = tuple(indices)
        self.frames = frames
        self.previous = previous
        self.clip = SharedWork() if clip is None else clip
        self._kept = Kept()

    def shared(self, key: Hashable, compute: Callable[[Frames], Value]) -> Value:
        """``compute(frames)``, done at the first call with this ``key`` and kept with the chunk; nobody may change the result."""
        return self._kept.get(key, lambda: compute(self.frames))


class ClipScorer(ABC):
    """Scores one restored clip: it is given the chunks in order, then asked once for the result."""

    @abstractmethod
    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        """Take in the next chunk. ``reference``: the same frames of the ground truth, None where there is none."""

    @abstractmethod
    def finish(self) -> ClipScore:
        """The score of everything that was added."""

    def close(self) -> None:  # noqa: B027 - most scorers hold nothing
        """Release processes and memory; called in any case, even if the clip is abandoned halfway."""


class Metric(ABC):
    """A metric, ready to score clips."""

    facts: MetricFacts

    @abstractmethod
    def start(self, clip: ClipFacts) -> ClipScorer:
        """A scorer for this restored clip. Raises InputError where its size or length cannot be scored."""

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """An estimate of what scoring this clip takes on the metric's device."""
        return MemoryNeed()


def require_size(metric: str, clip: ClipFacts, smallest_side: int) -> None:
    """Raise InputError, naming the metric, where the clip's frames have fewer pixels than this in one direction."""
    if min(clip.height, clip.width) < smallest_side:
        raise InputError(
            f"metric {metric} needs frames of at least {smallest_side}x{smallest_side}, but these are {clip.width}x{clip.height}"
        )


@dataclass(frozen=True)
class Variant:
    """One row of a family's table: the facts of a metric, and the class that computes it, imported only when it is loaded."""

    facts: MetricFacts
    loader: str
    """``module:name`` of the class, or of a function that makes the metric: called with the facts, and ``options`` by name."""
    options: Mapping[str, object] = field(default_factory=dict)
    croppable: bool = True
    """Whether .cropN may follow the name; the loader is then given the pixels to cut from every side, as ``crop``."""
    on_device: bool = False
    """Whether it computes on a torch device; the loader is then given its name, as ``device``."""
    why_unavailable: Callable[[], str | None] = lambda: None
    """Gives the reason why it cannot run here, in one line, or None; missing weight files are reported in any case."""

    def load(self, crop: int = 0, device: str = "cpu") -> Metric:
        """The metric, ready to score. Raises InputError where a weight file is missing or does not fit."""
        module, name = self.loader.split(":")
        given: dict[str, object] = {"crop": crop} if self.croppable else {}
        given |= {"device": device} if self.on_device else {}
        metric: Metric = getattr(import_module(module), name)(self.facts, **given, **self.options)
        return metric
