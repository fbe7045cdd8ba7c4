"""What FAST-VQA and FasterVQA look at: which frames, and which fragments of them.

Both are drawn from the random streams that the authors' code uses.

Source: fusion_datasets.py and vqa.py of VQAssessment/FAST-VQA-and-FasterVQA, with the options fast-b.yml and f3dvqa-b.yml.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import torch

from mgld_bench.clips.clip import Frame
from mgld_bench.metrics.dover.views import FrameSampler, IntArray, Pixels, TechnicalView, draw_fragments, enlarged
from mgld_bench.metrics.fastvqa.variants import CLIP_FRAMES, FRAME_STEP, Model, Sampling


def frames_of(model: Model, sampling: Sampling, frame_count: int, stream: np.random.RandomState) -> IntArray:
    """The clip's frame at each place of the view, (clips * 32,); only the grid draws.

    As published, what would lie behind the clip's end starts again at its beginning.
    """
    if sampling == "script":
        room = frame_count - CLIP_FRAMES + 1
        starts = ((np.arange(model.clips) + 0.5) * max(room, 0) / model.clips).astype(np.int64)
        indices: IntArray = (starts[:, None] + np.arange(CLIP_FRAMES)).ravel() % frame_count
        return indices
    sampler = FrameSampler(model.clips * CLIP_FRAMES // model.parts, model.parts, FRAME_STEP)
    return sampler.indices(frame_count, sampler.draw(frame_count, stream))


class FragmentView:
    """The view of one clip, made as its frames come; memory does not depend on the clip's length.

    Attributes:
        frames: The clip's frame at each place of the view.
        pixels: (places, 224, 224, 3) uint8 RGB, complete once no frame is missing.
        missing: The clip's frames that the view still needs.
    """

    def __init__(self, model: Model, sampling: Sampling, size: tuple[int, int, int], seed: int) -> None:
        """``size``: frames, height and width of the clip."""
        count, height, width = size
        self._layout: Final = TechnicalView(aligned=model.aligned, num_clips=model.clips)
        self.frames: Final = frames_of(model, sampling, count, np.random.RandomState(seed))
        generator = torch.Generator().manual_seed(seed)
        self._fragments: Final = draw_fragments(self._layout, len(self.frames), height, width, generator)
        self.pixels: Final[Pixels] = np.empty((len(self.frames), *self._layout.size, 3), np.uint8)
        self.missing: Final = set(self.frames.tolist())

    def add(self, index: int, frame: Frame) -> None:
        """Put the clip's frame ``index`` in all of its places."""
        if index not in self.missing:
            return
        self.missing.discard(index)
        source = enlarged(frame, *self._layout.size)
        for place in np.flatnonzero(self.frames == index):
            self.pixels[place] = self._fragments.take(source, place // self._layout.aligned)
