"""DOVER's two views of a clip: which frames and pixels it looks at, and how the views are made from the frames as they come.

Source: VQAssessment/DOVER, section val-l1080p of dover.yml (the sizes) and its data loader (the rules). Frames and places are
drawn from the random streams that the authors' code uses.

Frames are resized in two ways, both bilinear between the nearest pixels, both back to 8 bits. A level that lies on an edge is
decided by the last digit before rounding. What PyTorch gives there changes with its version and with the number of threads, so
the steps of its CPU code are written out here, with the roundings of fused multiplications and in the order that the reference
values of the authors' code show: views are the same on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from mgld_bench.clips.clip import Frame

IntArray = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Pixels = npt.NDArray[np.uint8]
MEAN: Final = (123.675, 116.28, 103.53)
"""Of the red, green and blue levels that the networks were trained with."""
STD: Final = (58.395, 57.12, 57.375)
_PEAK = np.float32(255)


@dataclass(frozen=True)
class FrameSampler:
    """Takes some neighbouring frames from each of the equal parts of a clip."""

    frames_per_fragment: int
    fragments: int
    """Parts of the clip."""
    frame_step: int
    clips: int = 1
    """How many times all of it is drawn."""

    def draw(self, frame_count: int, stream: np.random.RandomState) -> IntArray:
        """Where in each part its frames start, (clips, fragments); at its beginning where it leaves no choice."""
        spare = frame_count // self.fragments - self.frames_per_fragment * self.frame_step
        shape = (self.clips, self.fragments)
        if spare <= 0:
            return np.zeros(shape, np.int64)
        return np.stack([stream.randint(0, spare, size=self.fragments) for _ in range(self.clips)]).astype(np.int64)

    def indices(self, frame_count: int, offsets: IntArray) -> IntArray:
        """The frames in order: (clips * fragments * frames_per_fragment,).

        As published, what would lie behind the clip's end starts again at its beginning, and with fewer frames than parts every
        part starts at frame 0.
        """
        starts = np.arange(self.fragments) * (frame_count // self.fragments) + offsets
        steps = np.arange(self.frames_per_fragment) * self.frame_step
        indices: IntArray = (starts[..., None] + steps).ravel() % frame_count
        return indices


@dataclass(frozen=True)
class TechnicalView:
    """Fragments of the frames at full resolution, side by side."""

    fragments_h: int = 7
    fragments_w: int = 7
    fsize_h: int = 32
    """Rows of a fragment."""
    fsize_w: int = 32
    aligned: int = 32
    """How many neighbouring frames of the view have their fragments at the same places."""
    clip_len: int = 32
    frame_interval: int = 2
    num_clips: int = 3

    @property
    def sampler(self) -> FrameSampler:
        """Which frames the view is made of."""
        return FrameSampler(self.clip_len, self.num_clips, self.frame_interval)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the view."""
        return self.fragments_h * self.fsize_h, self.fragments_w * self.fsize_w


@dataclass(frozen=True)
class AestheticView:
    """Whole frames, squeezed to a small size."""

    size_h: int = 224
    size_w: int = 224
    clip_len: int = 32
    frame_interval: int = 2
    t_frag: int = 32
    num_clips: int = 1

    @property
    def sampler(self) -> FrameSampler:
        """Which frames the view is made of."""
        return FrameSampler(self.clip_len // self.t_frag, self.t_frag, self.frame_interval, self.num_clips)


@dataclass(frozen=True)
class Fragments:
    """Where the fragments of a technical view lie in frames of this height and width."""

    view: TechnicalView
    height: int
    width: int
    down: IntArray
    """What is added to the rows of the regular grid: (fragments down, fragments across, groups of aligned frames)."""
    across: IntArray
    """The same for columns."""

    def take(self, frame: npt.NDArray[np.uint8], group: int) -> npt.NDArray[np.uint8]:
        """The fragments of one frame, side by side.

        Args:
            frame: uint8 RGB of at least height x width.
            group: Which group of aligned frames it belongs to.

        Returns:
            (*view.size, 3) uint8 RGB.
        """
        rows = _origins(self.height, self.view.fragments_h, self.view.fsize_h)[:, None] + self.down[..., group]
        columns = _origins(self.width, self.view.fragments_w, self.view.fsize_w)[None, :] + self.across[..., group]
        # The axes: fragments down, rows of a fragment, fragments across, columns of a fragment.
        y = rows[:, None, :, None] + np.arange(self.view.fsize_h)[:, None, None]
        x = columns[:, None, :, None] + np.arange(self.view.fsize_w)
        taken: npt.NDArray[np.uint8] = frame[y, x].reshape(*self.view.size, 3)
        return taken


def draw_fragments(view: TechnicalView, frames: int, height: int, width: int, generator: torch.Generator) -> Fragments:
    """Draws the places for all ``frames`` of the view.

    All rows are drawn before all columns; where the grid leaves no choice nothing is drawn. ``generator`` has to be on the CPU,
    because GPUs draw different numbers.
    """
    groups = 1 if frames == 1 else frames // view.aligned
    shape = (view.fragments_h, view.fragments_w, groups)
    down = _draw(height // view.fragments_h - view.fsize_h, shape, generator)
    across = _draw(width // view.fragments_w - view.fsize_w, shape, generator)
    return Fragments(view, height, width, down, across)


def _draw(spare: int, shape: tuple[int, int, int], generator: torch.Generator) -> IntArray:
    if spare <= 0:
        return np.zeros(shape, np.int64)
    return torch.randint(spare, shape, generator=generator).numpy()


def _origins(length: int, fragments: int, size: int) -> IntArray:
    return np.minimum(np.arange(fragments) * (length // fragments), length - size)


@dataclass(frozen=True)
class ViewPlan:
    """What goes from a clip to which place of its views; drawn once, before any frame is read."""

    technical_view: TechnicalView
    aesthetic_view: AestheticView
    technical_frames: IntArray
    """The clip's frame at each place of the technical view."""
    aesthetic_frames: IntArray
    """The same for the aesthetic view."""
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
    """The plan for a clip, from random streams of its own: the same seeds always give the same plan.

    The streams are NumPy's legacy one (the technical frames come first) and that of a CPU generator of PyTorch.
    """
    stream, generator = np.random.RandomState(numpy_seed), torch.Generator().manual_seed(torch_seed)
    technical_frames, aesthetic_frames = (
        view.sampler.indices(frame_count, view.sampler.draw(frame_count, stream)) for view in (technical, aesthetic)
    )
    fragments = draw_fragments(technical, len(technical_frames), height, width, generator)
    return ViewPlan(technical, aesthetic, technical_frames, aesthetic_frames, fragments)


def normalised(view: torch.Tensor, mean: Sequence[float] = MEAN, std: Sequence[float] = STD) -> torch.Tensor:
    """The float32 input of a network from a view (..., 3) uint8 RGB."""
    means, deviations = (torch.tensor(values, dtype=torch.float32, device=view.device) for values in (mean, std))
    return (view.float() - means).div_(deviations)


class Views:
    """Both views of one clip, made as its frames come; memory does not depend on the clip's length.

    Attributes:
        technical: (frames of the view, rows, columns, 3) uint8 RGB, complete once no frame is missing.
        aesthetic: The same.
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
        """Put the clip's frame ``index`` in all of its places."""
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


def enlarged(frame: Frame, height: int, width: int) -> Frame:
    """The frame, enlarged to at least height x width where it is smaller; levels are truncated, not rounded."""
    ratio = min(frame.shape[0] / height, frame.shape[1] / width)
    if ratio >= 1:
        return frame
    rows, columns = (_enlarging(length, 1 / ratio) for length in frame.shape[:2])
    unit = frame.astype(np.float32) / _PEAK
    across = columns.blend(unit[:, columns.before], unit[:, columns.after])
    rows = rows.upright()
    down = rows.blend(across[rows.before], across[rows.after])
    levels: Frame = (down * _PEAK).astype(np.uint8)
    return levels


def squeezed(frame: Frame, height: int, width: int) -> Frame:
    """The frame resized to height x width, levels rounded half to even; without anti-aliasing, which would change scores."""
    rows, columns = _squeezing(frame.shape[0], height).upright(), _squeezing(frame.shape[1], width)
    upper, lower = frame[rows.before], frame[rows.after]
    total = (rows.near * columns.far) * upper[:, columns.after].astype(np.float32)
    total = _multiply_add(rows.near * columns.near, upper[:, columns.before], total)
    total = _multiply_add(rows.far * columns.near, lower[:, columns.before], total)
    total = _multiply_add(rows.far * columns.far, lower[:, columns.after], total)
    levels: Frame = np.rint(total).astype(np.uint8)
    return levels


@dataclass(frozen=True)
class _Neighbours:
    """The two pixels between which each new one lies along an axis, and their weights, shaped for columns: (columns, 1)."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    near: Floats
    """The weight of the pixel before."""
    far: Floats

    def upright(self) -> _Neighbours:
        """The same with weights for rows: (rows, 1, 1)."""
        return _Neighbours(self.before, self.after, self.near[:, None], self.far[:, None])

    def blend(self, before: Floats, after: Floats) -> Floats:
        return _multiply_add(self.near, before, self.far * after)


def _enlarging(length: int, factor: float) -> _Neighbours:
    centres = np.arange(int(length * factor), dtype=np.float32) + np.float32(0.5)
    return _neighbours(length, np.float32(1 / factor) * centres - np.float32(0.5))


def _squeezing(length: int, size: int) -> _Neighbours:
    centres = np.arange(size, dtype=np.float32) + np.float32(0.5)
    return _neighbours(length, _multiply_add(np.float32(length / size), centres, np.float32(-0.5)))


def _neighbours(length: int, positions: Floats) -> _Neighbours:
    positions = np.maximum(positions, np.float32(0))
    before = np.minimum(positions.astype(np.int64), length - 1)
    far = np.minimum(positions - before.astype(np.float32), np.float32(1))[:, None]
    return _Neighbours(before, np.minimum(before + 1, length - 1), np.float32(1) - far, far)


def _multiply_add(weights: Floats | np.float32, values: Frame | Floats, added: Floats | np.float32) -> Floats:
    """weights * values + added in float32, rounded once: in float64 the product is exact."""
    exact: npt.NDArray[np.float64] = np.multiply(weights, values, dtype=np.float64)
    exact += added
    return exact.astype(np.float32)
