"""The frames that figures show: those of LR, the methods and the ground truth of one clip, all at full size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image

from mgld_bench.cards.figures import Shot
from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.figures.drawing import NothingToDrawError


@dataclass(frozen=True)
class ClipFrames:
    """One clip with the methods that a figure shows."""

    source: PictureSource
    methods: tuple[str, ...]
    """Those that are shown, whether their frames are there or not."""

    @property
    def _full(self) -> Clip:
        return self.source.full

    @property
    def scale(self) -> int:
        """How many times wider than LR."""
        return max(1, self._full.width // self.source.lr.width)

    @property
    def frame_count(self) -> int:
        """Frames that LR, the ground truth and every usable method have."""
        restored = [clip.frame_count for name, clip in self.source.restored.items() if not self.why_missing(name)]
        truth = [self.source.ground_truth.frame_count] if self.source.ground_truth else []
        return min([self.source.lr.frame_count, *truth, *restored])

    @property
    def usable(self) -> tuple[str, ...]:
        """The methods whose frames can be shown."""
        return tuple(name for name in self.methods if not self.why_missing(name))

    def why_missing(self, method: str) -> str:
        """Why a method cannot be shown; "" where it can."""
        clip = self.source.restored.get(method)
        if clip is None:
            return "not restored here"
        if (clip.height, clip.width) != (self._full.height, self._full.width):
            return f"{clip.width}×{clip.height} instead of {self._full.width}×{self._full.height}"
        return ""

    def low_resolution(self, index: int) -> Frame:
        """The LR frame, enlarged without interpolation."""
        low = self.source.lr.frame(index)
        size = (self._full.width, self._full.height)
        return np.asarray(Image.fromarray(low).resize(size, Image.Resampling.NEAREST), dtype=np.uint8)

    def restored(self, method: str, index: int) -> Frame:
        """A frame of a usable method."""
        return self.source.restored[method].frame(index)

    def truth(self, index: int) -> Frame | None:
        """The ground truth's frame, where there is one."""
        return self.source.ground_truth.frame(index) if self.source.ground_truth else None

    def whole(self, index: int) -> Frame:
        """The ground truth's frame; the LR frame where there is none."""
        truth = self.truth(index)
        return self.low_resolution(index) if truth is None else truth


def shown_methods(data: ReportData, chosen: Sequence[str]) -> tuple[str, ...]:
    """The methods of a figure: ``chosen`` (all where that is empty), and those that the user added to the card's."""
    named = [name for name in chosen if name in data.methods]
    added = [name for name in data.methods if not chosen or name not in data.card.methods]
    return tuple(dict.fromkeys((*named, *added)))


def shown_shots(data: ReportData, shots: Sequence[Shot]) -> list[Shot]:
    """The ``shots`` of the report's datasets; of each that the user put in, or of all if there are no shots, what is found."""
    asked = [shot for shot in shots if shot.dataset in data.datasets]
    named = {entry.name for entry in data.card.datasets}
    return [*asked, *(Shot(dataset=name) for name in data.datasets if not shots or name not in named)]


def clips_of(data: ReportData, dataset: str, clip: str, methods: Sequence[str]) -> list[ClipFrames]:
    """The clips of a dataset that have frames of at least one of the methods; only ``clip`` where that is not "".

    Raises:
        NothingToDrawError: there is none.
    """
    found = [ClipFrames(source, tuple(methods)) for source in data.pictures if source.dataset == dataset]
    found = [frames for frames in found if frames.usable and clip in ("", frames.source.clip)]
    if not found:
        what = f"clip {clip} of {dataset}" if clip else dataset
        raise NothingToDrawError(f"no restored frames of {what} are here; to get them: mgld-bench run {data.card.name}")
    return found
