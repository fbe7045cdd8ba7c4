"""The interface of every method: an LR clip in, a stream of restored frames out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import BaseModel, ConfigDict

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.memory import memory_budget

if TYPE_CHECKING:
    from torch import nn

Precision = Literal["float32", "float16", "bfloat16"]


@dataclass(frozen=True)
class Compute:
    """Where and how a method computes."""

    device: str = "cpu"
    """A torch device: "cpu", "cuda", "cuda:1"."""
    precision: Precision = "float32"
    max_memory: int | None = None
    """Bytes that the method may take beside its weights; None: half of the device's memory."""

    def memory_budget(self) -> int:
        """The bytes that the method may take beside its weights: `max_memory`, or what stands for it on this device."""
        return memory_budget(self.device, self.max_memory)


class RestorerOptions(BaseModel):
    """Base of a method's options: an option that does not exist is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Restorer(ABC):
    """One method, ready to restore clips."""

    Options: ClassVar[type[RestorerOptions]] = RestorerOptions
    revision: ClassVar[int] = 1
    """Raised when a change of the code changes the frames: restored clips of older revisions are then done again."""
    scale: ClassVar[int] = 4

    compute: Compute = Compute()
    """Where this one computes."""

    def __init__(self, options: RestorerOptions, weights: Mapping[str, Path] | None, compute: Compute) -> None:
        """Build the method: ``options`` an instance of Options, ``weights`` the verified local file per role of the card.

        ``weights`` None: random but fixed weights take their place, which cost the same and give no useful picture.
        """
        self.compute = compute

    def networks(self) -> Mapping[str, nn.Module]:
        """The networks that it runs, by the role of the weight file (or of its part) that holds them; {} where there are none."""
        return {}

    def trained(self) -> Mapping[str, int]:
        """How many parameters the authors trained, by stage; other parameters were taken as they were. All, unless overridden."""
        counts = {role: sum(part.numel() for part in network.parameters()) for role, network in self.networks().items()}
        return {role: count for role, count in counts.items() if count}

    def for_dataset(self, dataset: str) -> Restorer:
        """The restorer for clips of ``dataset`` ("" for clips of none); itself, where the dataset changes nothing."""
        return self

    @abstractmethod
    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """Restored frames (scale * height, scale * width, 3) uint8 RGB of ``clip`` from frame ``start`` on, in order.

        ``start`` is a value that resume_point has returned, or 0.
        """

    def resume_point(self, finished: int) -> int:
        """The largest frame index <= ``finished`` at which restore() may start and still give the same frames."""
        return finished

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """What a reader of the restored ``clip`` should know, by topic (tile chosen for lack of memory); goes into its record."""
        return {}

    @classmethod
    def depends_on(cls, options: RestorerOptions, dataset: str, clip: str) -> str:
        """A digest of what else decides this clip's frames beside LR, weights, options (finished results' files); "" for none."""
        return ""
