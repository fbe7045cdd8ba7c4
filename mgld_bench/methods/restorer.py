"""The interface of every method: an LR clip in, a stream of restored frames out."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeAlias, TypeVar

from pydantic import PrivateAttr

from mgld_bench.clips.clip import Clip, ClipSize, Frame
from mgld_bench.errors import InputError
from mgld_bench.home import expanded
from mgld_bench.methods.compute import Compute
from mgld_bench.plain_data import PlainData, class_in_brackets

if TYPE_CHECKING:
    from torch import nn


class RestorerOptions(PlainData):
    """Base of a method's options: what its card may set under ``options``. An option that does not exist is an error."""

    _written_in: Mapping[str, Path] = PrivateAttr(default_factory=dict)
    """By option, the folder of the card file that sets it."""

    def path(self, option: str) -> Path:
        """The file or folder that an option names: ``~`` is the home folder, and a relative path starts from the card's folder.

        Where there is nothing, it is looked for from the current folder as well, which is what version 0.1 did. The option
        itself, and with it the keys of units, keeps the text that was written.
        """
        named = expanded(Path(str(getattr(self, option))))
        anchored = self._written_in.get(option, Path()) / named
        return named if named.exists() and not anchored.exists() else anchored


class FilesAwayError(InputError):
    """What a method takes its frames from is not there any more as a whole: its folder was moved or deleted."""


class NotFiniteError(InputError):
    """A network gave something that is no picture: a value that is infinite or not a number."""


OptionsT = TypeVar("OptionsT", bound=RestorerOptions)


class Restorer(ABC, Generic[OptionsT]):
    """One method, ready to restore clips.

    A method with options names their type in brackets; the card's options are checked against it and arrive as
    ``self.options``. One without options derives from plain ``Restorer``.

    >>> class GainOptions(RestorerOptions):
    ...     gain: float = 1.0
    >>> class Gain(Restorer[GainOptions]):
    ...     def restore(self, clip, start=0):
    ...         for frame in clip.frames(start):
    ...             yield (frame.repeat(4, 0).repeat(4, 1) * self.options.gain).clip(0, 255).astype("uint8")
    >>> Gain.Options is GainOptions
    True
    """

    Options: ClassVar[type[RestorerOptions]] = RestorerOptions
    """The type of the options: what stands in brackets after the base class."""
    revision: ClassVar[int] = 1
    """Raised when a change of the code changes the frames: clips restored by older revisions are then restored again."""
    scale: int = 4
    """How many times higher and wider than LR the restored frames are: the class's own, or that of `at_scale`."""
    uses_device: ClassVar[bool] = True
    """Whether it computes on the device that was asked for: its frames then differ between kinds of device, by rounding at least.
    False: on the CPU in any case."""

    optional_roles: ClassVar[tuple[str, ...]] = ()
    """Roles of weight files that a card may name and need not: without a file, random but fixed weights are used."""

    options: OptionsT
    compute: Compute = Compute()

    def __init_subclass__(cls) -> None:
        """Take `Options` from the brackets after the base class, unless the class sets it itself."""
        super().__init_subclass__()
        if "Options" not in vars(cls) and (named := class_in_brackets(cls, RestorerOptions)):
            cls.Options = named

    def __init__(self, options: OptionsT, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        """Build the method.

        Args:
            options: an instance of `Options`.
            weights: the verified local file of each role in the card; None: random but fixed weights, which cost the same and
                give no useful picture.
            compute: where and how to compute.
        """
        if not isinstance(options, self.Options):
            raise TypeError(f"options of {type(self).__name__} have to be {self.Options.__name__}")
        self.options = options
        self.compute = compute
        self.scale = self.first_scale(options)

    def networks(self) -> Mapping[str, nn.Module]:
        """The networks it runs, by the role of the weight file (or of the part of one) that holds them; {} if there are none."""
        return {}

    def trained(self) -> Mapping[str, int]:
        """How many parameters the authors trained, by stage; the others were taken as they were. All, unless overridden."""
        counts = {role: sum(part.numel() for part in network.parameters()) for role, network in self.networks().items()}
        return {role: count for role, count in counts.items() if count}

    def for_dataset(self, dataset: str) -> Restorer[OptionsT]:
        """The restorer for clips of ``dataset`` ("": clips of no dataset); itself, unless the dataset changes something."""
        return self

    @classmethod
    def scales(cls, options: OptionsT) -> tuple[int, ...] | None:
        """The scales at which it can restore; None: any whole one. Only the class's own, unless overridden.

        Args:
            options: an instance of `Options`.
        """
        return (cls.scale,)

    @classmethod
    def first_scale(cls, options: OptionsT) -> int:
        """That at which it restores where nothing is said: the class's own if it can, else the first of `scales`."""
        able = cls.scales(options)
        return cls.scale if able is None or cls.scale in able else able[0]

    def at_scale(self, scale: int) -> Restorer[OptionsT]:
        """The restorer for pairs whose ground truth is ``scale`` times larger than LR, one of `scales`."""
        if scale == self.scale:
            return self
        other = copy.copy(self)
        other.scale = scale
        return other

    @abstractmethod
    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """The restored frames of ``clip`` from frame ``start`` on, in order: (scale * height, scale * width, 3) uint8 RGB.

        Args:
            clip: the LR clip.
            start: 0, or a value that `resume_point` has returned.
        """

    def resume_point(self, finished: int) -> int:
        """The largest frame index <= ``finished`` at which `restore` may start and still give the same frames."""
        return finished

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """What a reader of the restored ``clip`` should know, by topic ("tile", "window"); goes into its record."""
        return {}

    def peak_elsewhere(self) -> tuple[int, int | None]:
        """The most memory, and GPU memory or None, in bytes, of programs that it has run; (0, None) where it runs none."""
        return 0, None

    @classmethod
    def check_here(cls, options: OptionsT) -> None:
        """Check, without computing anything, that what it needs beside weights is on this machine. Nothing, unless overridden.

        Args:
            options: an instance of `Options`.

        Raises:
            InputError: something is away or not what the card states.
        """

    @classmethod
    def executes(cls, options: OptionsT) -> str:
        """The program that a card makes the suite execute, in one line; "" where it is a network of the suite or of a plug-in.

        Args:
            options: an instance of `Options`.
        """
        return ""

    @classmethod
    def cutting(cls, options: OptionsT, clip: ClipSize, compute: Compute) -> Mapping[str, int | str]:
        """Into what parts ``clip`` is cut for lack of memory, where that changes the frames; {} where options alone decide.

        It is part of the unit's key, so it is asked before a network is built, and `restore` has to cut in just this way.

        Args:
            options: an instance of `Options`.
            clip: the LR clip.
            compute: where it computes, and the memory it may take.

        Raises:
            InputError: if not even the smallest parts fit.
        """
        return {}

    @classmethod
    def check_file(cls, options: OptionsT, role: str, file: Path) -> None:
        """Check, by names and shapes, that a file holds the network of its role. Cheap; does nothing unless overridden.

        Args:
            options: an instance of `Options`.
            role: of the file in the card.
            file: as it was downloaded.

        Raises:
            InputError: it holds something different.
        """

    @classmethod
    def depends_on(cls, options: OptionsT, dataset: str, clip: str) -> str:
        """A digest of what else decides a clip's frames beside the LR clip, weights and options; "" if there is nothing.

        Args:
            options: an instance of `Options`.
            dataset: the clip's dataset, or "".
            clip: the clip's name.
        """
        return ""


AnyRestorer: TypeAlias = Restorer[Any]
"""A method, whatever its options."""
