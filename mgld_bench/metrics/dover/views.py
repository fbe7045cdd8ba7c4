"""DOVER's two views of a clip, made from its frames as they come."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from mgld_bench.clips.clip import Frame
from mgld_bench.metrics.dover.resizing import enlarged, squeezed
from mgld_bench.metrics.dover.sampling import AestheticView, Fragments, IntArray, TechnicalView, draw_fragments

MEAN: Final = (123.675, 116.28, 103.53)
"""Of the red, green and blue levels that the networks were trained with."""
STD: Final = (58.395, 57.12, 57.375)
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class ViewPlan:
    """What of a clip goes where in its views; drawn once, before any frame is seen."""

    technical_view: TechnicalView
    aesthetic_view: AestheticView
    technical_frames: IntArray
    """The clip's frame at each place of the technical view."""
    aesthetic_frames: IntArray
    fragments: Fragments


def plan_views(
    technical: TechnicalView,
    aesthetic: AestheticView,
    frame_count: int,
    height: int,
    width: int,
    numpy_seed: int,
    torch_seed: int,
) -> ViewPlan:
    """The plan for a clip, from streams of its own: the same seeds give the same plan, whatever else draws random numbers.

    The streams are numpy's legacy one (the technical frames first) and that of a CPU generator of PyTorch.
    """
    stream, generator = np.random.RandomState(numpy_seed), torch.Generator().manual_seed(torch_seed)
    technical_frames, aesthetic_frames = (
        view.sampler.indices(frame_count, view.sampler.draw(frame_count, stream)) for view in (technical, aesthetic)
    )
    fragments = draw_fragments(technical, len(technical_frames), height, width, generator)
    return ViewPlan(technical, aesthetic, technical_frames, aesthetic_frames, fragments)


def normalised(view: torch.Tensor, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> torch.Tensor:
    """The input of a network, float32, from a view (..., 3) uint8 RGB."""
    means, deviations = (torch.tensor(values, dtype=torch.float32, device=view.device) for values in (mean, std))
    return (view.float() - means).div_(deviations)


class Views:
    """Both views of one clip; memory does not depend on the clip's length.

    technical, aesthetic: (frames of the view, rows, columns, 3) uint8 RGB, complete once no frame is missing.
    """

    def __init__(self, plan: ViewPlan) -> None:
        self._plan = plan
        self.technical: Final[Pixels] = np.empty((len(plan.technical_frames), *plan.technical_view.size, 3), np.uint8)
        size = (plan.aesthetic_view.size_h, plan.aesthetic_view.size_w)
        self.aesthetic: Final[Pixels] = np.empty((len(plan.aesthetic_frames), *size, 3), np.uint8)

        self._missing = {*plan.technical_frames.tolist(), *plan.aesthetic_frames.tolist()}

    @property
    def missing(self) -> frozenset[int]:
        """The clip's frames that the views still need."""
        return frozenset(self._missing)

    def add(self, index: int, frame: Frame) -> None:
        """Put the clip's frame ``index`` wherever the plan wants it."""
        self._missing.discard(index)
        places = np.flatnonzero(self._plan.technical_frames == index)
        if len(places):
            self._add_fragments(places, frame)
        places = np.flatnonzero(self._plan.aesthetic_frames == index)
        if len(places):
            self.aesthetic[places] = squeezed(frame, *self.aesthetic.shape[1:3])

    def _add_fragments(self, places: IntArray, frame: Frame) -> None:
        view, source = self._plan.technical_view, enlarged(frame, *self._plan.technical_view.size)
        for place in places:
            self.technical[place] = self._plan.fragments.take(source, place // view.aligned)
