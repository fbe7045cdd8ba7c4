"""Which frames and which pixels of a clip DOVER looks at, drawn from the random streams that the authors' code uses.

Source: VQAssessment/DOVER, section val-l1080p of dover.yml (the sizes) and its data loader (the rules).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class FrameSampler:
    """Takes some neighbouring frames out of each of the equal parts of a clip."""

    frames_per_fragment: int
    fragments: int
    """Parts of the clip."""
    frame_step: int
    clips: int = 1
    """How often all of it is drawn anew."""

    def draw(self, frame_count: int, stream: np.random.RandomState) -> IntArray:
        """Where in each part the frames start: (clips, fragments). Parts that leave no choice start at their beginning."""
        spare = frame_count // self.fragments - self.frames_per_fragment * self.frame_step
        shape = (self.clips, self.fragments)
        if spare <= 0:
            return np.zeros(shape, np.int64)
        return np.stack([stream.randint(0, spare, size=self.fragments) for _ in range(self.clips)]).astype(np.int64)

    def indices(self, frame_count: int, offsets: IntArray) -> IntArray:
        """The frames in their order. What would lie behind the end goes on at the clip's start, as published.

        With fewer frames than parts every part starts at frame 0, which is as published too.
        """
        starts = np.arange(self.fragments) * (frame_count // self.fragments) + offsets
        steps = np.arange(self.frames_per_fragment) * self.frame_step
        indices: IntArray = (starts[..., None] + steps).ravel() % frame_count
        return indices


@dataclass(frozen=True)
class TechnicalView:
    """Pieces of the frames at their own resolution, laid side by side."""

    fragments_h: int = 7
    fragments_w: int = 7
    fsize_h: int = 32
    """Rows of a fragment."""
    fsize_w: int = 32
    aligned: int = 32
    """Neighbouring frames of the view whose fragments lie at the same places."""
    clip_len: int = 32
    frame_interval: int = 2
    num_clips: int = 3

    @property
    def sampler(self) -> FrameSampler:
        """Which frames it is made of."""
        return FrameSampler(self.clip_len, self.num_clips, self.frame_interval)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of the view."""
        return self.fragments_h * self.fsize_h, self.fragments_w * self.fsize_w


@dataclass(frozen=True)
class AestheticView:
    """Whole frames, squeezed into a small size."""

    size_h: int = 224
    size_w: int = 224
    clip_len: int = 32
    frame_interval: int = 2
    t_frag: int = 32
    num_clips: int = 1

    @property
    def sampler(self) -> FrameSampler:
        """Which frames it is made of."""
        return FrameSampler(self.clip_len // self.t_frag, self.t_frag, self.frame_interval, self.num_clips)


@dataclass(frozen=True)
class Fragments:
    """Where the fragments of a technical view lie in frames of height x width."""

    view: TechnicalView
    height: int
    width: int
    down: IntArray
    """What is added to the rows of the regular grid: (fragments down, fragments across, groups of aligned frames)."""
    across: IntArray
    """The same for columns."""

    def take(self, frame: npt.NDArray[np.uint8], group: int) -> npt.NDArray[np.uint8]:
        """The fragments of a frame (at least height x width, 3) that belongs to a group, side by side: (*view.size, 3)."""
        rows = _origins(self.height, self.view.fragments_h, self.view.fsize_h)[:, None] + self.down[..., group]
        columns = _origins(self.width, self.view.fragments_w, self.view.fsize_w)[None, :] + self.across[..., group]
        # The axes: fragments down, rows of a fragment, fragments across, columns of a fragment.
        y = rows[:, None, :, None] + np.arange(self.view.fsize_h)[:, None, None]
        x = columns[:, None, :, None] + np.arange(self.view.fsize_w)
        taken: npt.NDArray[np.uint8] = frame[y, x].reshape(*self.view.size, 3)
        return taken


def draw_fragments(view: TechnicalView, frames: int, height: int, width: int, generator: torch.Generator) -> Fragments:
    """Places for all ``frames`` of the view: all rows are drawn before all columns, and nothing where the grid leaves no choice.

    ``generator``: on the CPU, as another device draws other numbers.
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
