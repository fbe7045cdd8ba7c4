"""What a degradation of your own derives from: draw what is random, then make LR frames of ground-truth frames."""

from __future__ import annotations

import json
import zlib
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar, Generic, TypeVar

import numpy as np

from mgld_bench.cards.schemas import DegradationCard
from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.degradation.interface import Pipeline, Watch
from mgld_bench.degradation.plan import PROTOCOL, DrawnPlan
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.plain_data import PlainData, class_in_brackets


class DegradationOptions(PlainData):
    """Base of a degradation's options: what its card may set under ``options``. An option that does not exist is an error."""


OptionsT = TypeVar("OptionsT", bound=DegradationOptions)


class Degradation(Pipeline[DrawnPlan], Generic[OptionsT]):
    """One degradation, ready to make LR frames. Its LR frames are made again from the ground truth that is stored with them.

    A degradation with options names their type in brackets; the card's options are checked against it and arrive as
    ``self.options``. One without options derives from plain ``Degradation``. The same plan has to give the same bytes on every
    machine: all that is random comes out of `draw`, or out of generators seeded with ``plan.seed``.

    >>> class EveryFourth(Degradation):
    ...     def degrade(self, frames, plan):
    ...         for frame in frames:
    ...             yield frame[::4, ::4]
    """

    Options: ClassVar[type[DegradationOptions]] = DegradationOptions
    """The type of the options: what stands in brackets after the base class."""
    revision: ClassVar[int] = 1
    """Raised when a change of the code changes the frames: pairs built by older revisions are then built again."""

    options: OptionsT

    def __init_subclass__(cls) -> None:
        """Take `Options` from the brackets after the base class, unless the class sets it itself."""
        super().__init_subclass__()
        if "Options" not in vars(cls) and (named := class_in_brackets(cls, DegradationOptions)):
            cls.Options = named

    def __init__(self, card: DegradationCard, options: OptionsT) -> None:
        """``options``: an instance of `Options`."""
        super().__init__(card)
        self.options = options

    def draw(self, clip: ClipSize, random: np.random.RandomState) -> Mapping[str, Any]:
        """What is random about a clip, as plain data for JSON; nothing, unless overridden.

        It is recorded, and arrives as ``plan.drawn``.

        Args:
            clip: the ground truth.
            random: seeded with dataset, clip and the card's salt.
        """
        return {}

    @abstractmethod
    def degrade(self, frames: Iterator[Frame], plan: DrawnPlan) -> Iterator[Frame]:
        """The LR frames, (height / scale, width / scale, 3) uint8 RGB each: as many as there are ``frames``, in their order.

        Args:
            frames: the ground truth, (height, width, 3) uint8 RGB each.
            plan: with ``drawn``, ``seed`` and ``target_size``, (height, width) of the LR frames.
        """

    def plan(self, dataset: str, clip: ClipSize) -> DrawnPlan:
        """See `Pipeline.plan`."""
        self.check_scale(clip.name, (clip.height, clip.width))
        text = f"{PROTOCOL}|{class_name(type(self))}|{dataset}|{clip.name}|{self.card.salt}"
        seed, scale = zlib.crc32(text.encode()), self.card.scale
        try:
            # As it will be read back: tuples are lists, and keys are texts.
            drawn = json.loads(json.dumps(dict(self.draw(clip, np.random.RandomState(seed))), allow_nan=False))
        except broken() as error:
            raise contained(error, self._named) from None
        return DrawnPlan(
            seed_text=text,
            seed=seed,
            frame_count=clip.frame_count,
            source_size=(clip.height, clip.width),
            target_size=(clip.height // scale, clip.width // scale),
            drawn=drawn,
        )

    def carry_out(self, source: Iterable[Frame], plan: DrawnPlan, streams: Mapping[str, Path], watch: Watch) -> Iterator[Frame]:
        """See `Pipeline.carry_out`. Raises InputError where the class gives something that is no LR clip of this one."""
        count = 0
        try:
            for frame in self.degrade(iter(source), plan):
                self._check(frame, count, plan)
                count += 1
                yield frame
        except broken() as error:
            raise contained(error, f"{self._named}, frame {count}") from error
        if count != plan.frame_count:
            raise InputError(f"{self._named}: gave {count} frames for {plan.frame_count}")

    def once_more(self, plan: DrawnPlan, ground_truth: Callable[[], Clip], stream: Path | None) -> Iterator[Frame]:
        """See `Pipeline.once_more`."""
        return self.carry_out(ground_truth().frames(), plan, {}, lambda op, index, frame: None)

    def identity(self) -> dict[str, object]:
        """See `Pipeline.identity`."""
        card = self.card
        return {
            "degradation": {
                "name": card.name,
                "class": class_name(type(self)),
                "revision": self.revision,
                "options": self.options.model_dump(mode="json"),
                "scale": card.scale,
                "salt": card.salt,
            }
        }

    @property
    def _named(self) -> str:
        return f"degradation {self.card.name}"

    def _check(self, frame: Frame, index: int, plan: DrawnPlan) -> None:
        expected = (*plan.target_size, 3)
        if not isinstance(frame, np.ndarray) or frame.shape != expected or frame.dtype != np.uint8:
            found = f"{frame.shape} {frame.dtype}" if isinstance(frame, np.ndarray) else type(frame).__name__
            raise InputError(f"{self._named}, frame {index}: gave {found}, expected {expected} uint8")
        if index >= plan.frame_count:
            raise InputError(f"{self._named}: gave more than {plan.frame_count} frames")


def class_name(found: type) -> str:
    """``module:Class`` of a class."""
    return f"{found.__module__}:{found.__qualname__}"
