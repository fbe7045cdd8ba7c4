"""What every degradation offers: a plan for a clip, LR frames by that plan, and the same frames again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeAlias, TypeVar

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.degradation.operators import WorkFrame
from mgld_bench.degradation.plan import DegradationPlan, DrawnPlan, Size
from mgld_bench.errors import InputError

PlanT = TypeVar("PlanT", DegradationPlan, DrawnPlan)

Watch: TypeAlias = Callable[[str, int, WorkFrame], None]
"""Called with each operation's name, the frame's index and the frame after that operation."""


class Pipeline(ABC, Generic[PlanT]):
    """How the LR clips of one degradation card are made. What is random is in the plan: the same plan gives the same bytes."""

    encodes: ClassVar[bool] = False
    """Whether encoders of this machine's ffmpeg decide the frames: then that ffmpeg is part of the keys of pairs."""

    def __init__(self, card: DegradationCard) -> None:
        self.card = card

    @abstractmethod
    def plan(self, dataset: str, clip: ClipSize) -> PlanT:
        """What is done to a clip: the same arguments always give the same plan.

        Args:
            dataset: Part of the seed, as are the clip's name and the card's salt.
            clip: The ground truth.

        Raises:
            InputError: The ground truth does not fit.
        """

    @abstractmethod
    def carry_out(self, source: Iterable[Frame], plan: PlanT, streams: Mapping[str, Path], watch: Watch) -> Iterator[Frame]:
        """Degrade ground-truth frames.

        Args:
            source: The ground truth, (h, w, 3) uint8 RGB each.
            plan: What to do.
            streams: For each video compression of the plan the mp4 file to which its bitstream is written.
            watch: Sees every frame after every operation that the plan names.

        Returns:
            The LR frames, (h / scale, w / scale, 3) uint8 RGB each.
        """

    @abstractmethod
    def once_more(self, plan: PlanT, ground_truth: Callable[[], Clip], stream: Path | None) -> Iterator[Frame]:
        """The LR frames of a pair, from what is stored with it.

        Args:
            plan: That of the pair.
            ground_truth: Opens its ground truth.
            stream: The bitstream of the plan's last video compression; None where it has none.

        Raises:
            InputError: What they are made from is missing or damaged.
        """

    @abstractmethod
    def identity(self) -> dict[str, object]:
        """What decides the frames beside the clip, as plain data for the keys of pairs."""

    def channels(self, plan: PlanT) -> str:
        """Their order in the frames that a watch sees."""
        return "rgb"

    def problems_here(self) -> list[str]:
        """Why this machine does not give the expected frames, one line each; empty where all is well."""
        return []

    def check_scale(self, clip: str, size: Size) -> None:
        """Raise InputError where the ground truth, (height, width), is no multiple of the card's scale."""
        scale = self.card.scale
        if size[0] % scale or size[1] % scale:
            raise InputError(
                f"{clip_in_message(clip)}: the ground truth is {size[1]}x{size[0]}: crop it to multiples of {scale} first"
            )


AnyPipeline: TypeAlias = Pipeline[Any]
"""A degradation, whatever its plans are."""


def clip_in_message(clip: str) -> str:
    """The clip in a message; those of Python callers have no name."""
    return f"clip {clip}" if clip else "clip"


def unwatched(op: str, index: int, frame: WorkFrame) -> None:
    """Watches nothing."""
