"""ColorVideoVDP on a clip that comes in chunks: its package asks for frames one by one, and is given them as they come."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from threading import Thread
from types import ModuleType
from typing import Any, Final

import torch
from torch import Tensor

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.cvvdp.variants import FRAMES_PER_SECOND
from mgld_bench.metrics.frame_metric import reference_of
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, Frames, MemoryNeed, Metric, MetricFacts, require_size

_SMALLEST_SIDE: Final = 32
_GIGABYTES: Final = 4
"""Of a GPU, what it may take for blocks of frames; on a CPU it goes frame by frame."""
_BYTES_PER_PIXEL: Final = 800
"""What one frame was seen to take on a CPU: the frames of a quarter of a second, and the pyramids of eight channels."""

_Pair = tuple[Frames, Frames]


class Cvvdp(Metric):
    """The visible difference of a clip from its ground truth on one display."""

    def __init__(self, facts: MetricFacts, display: str, device: str) -> None:
        """``display``: the package's name for it."""
        self.facts = facts
        self.display = display
        self.device = torch.device(device)

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        require_size(self.facts.name, clip, _SMALLEST_SIDE)
        return _Scorer(self, clip)

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        on_cpu = _BYTES_PER_PIXEL * clip.height * clip.width
        return MemoryNeed(fixed=on_cpu if self.device.type == "cpu" else _GIGABYTES << 30)


class _AbandonedError(Exception):
    """The clip is given up before its end."""


class _Frames:
    """The clip as the package wants it: a source that is asked for each frame once, in order."""

    def __init__(self, clip: ClipFacts, photometry: Any, pairs: Iterator[_Pair]) -> None:  # noqa: ANN401 - of the package
        self._size = (clip.height, clip.width, clip.frame_count)
        self._photometry = photometry
        self._pairs = pairs
        self._index = -1
        self._pair: _Pair | None = None

    def get_video_size(self) -> tuple[int, int, int]:
        """Height, width, frames."""
        return self._size

    def get_frames_per_second(self) -> float:
        """Of the clip."""
        return FRAMES_PER_SECOND

    def get_batch_size(self) -> int:
        """Clips at once."""
        return 1

    def get_test_frame(self, frame: int, device: torch.device, colorspace: str) -> Tensor:
        """A restored frame as light from the display, (1, 3, 1, h, w)."""
        return self._light(self._pair_of(frame)[0], device, colorspace)

    def get_reference_frame(self, frame: int, device: torch.device, colorspace: str) -> Tensor:
        """A frame of the ground truth as light from the display, (1, 3, 1, h, w)."""
        return self._light(self._pair_of(frame)[1], device, colorspace)

    def _pair_of(self, frame: int) -> _Pair:
        while self._index < frame or self._pair is None:
            self._pair = next(self._pairs)
            self._index += 1
        if frame != self._index:
            raise ValueError(f"the package asks for frame {frame} after frame {self._index}")
        return self._pair

    def _light(self, pixels: Frames, device: torch.device, colorspace: str) -> Tensor:
        encoded = torch.from_numpy(pixels).to(device).permute(2, 0, 1)[None, :, None].float() / 255
        light: Tensor = self._photometry.source_2_target_colorspace(encoded, colorspace)
        return light


class _Scorer(ClipScorer):
    """Runs the package in a thread, which only computes while this one waits for it: so neither disturbs the other."""

    def __init__(self, metric: Cvvdp, clip: ClipFacts) -> None:
        self._metric = metric
        self._clip = clip
        self._given: Queue[_Pair | None] = Queue()
        self._answers: Queue[float | Exception | None] = Queue()
        """None: more frames are wanted."""
        self._thread = Thread(target=self._run, daemon=True, name="cvvdp")
        self._over = False
        self._score: float | None = None

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        if self._over:
            raise ValueError("no more frames are taken: the clip is scored, or has failed")
        self._given.put((restored.frames, reference_of(reference, self._metric.facts.name).frames))
        if self._thread.ident is None:
            self._thread.start()
        answer = self._answers.get()
        self._over = answer is not None
        if isinstance(answer, Exception):
            raise answer
        self._score = answer

    def finish(self) -> ClipScore:
        name = self._metric.facts.name
        if self._score is None:
            raise InputError(f"clip {self._clip.name}: {name} was not given all of its {self._clip.frame_count} frames")
        return ClipScore(name, self._score, None)

    def close(self) -> None:
        if self._thread.is_alive():
            self._given.put(None)
            self._thread.join()

    def _run(self) -> None:
        try:
            with full_float32():
                self._answers.put(self._predicted())
        except _AbandonedError:
            return
        except Exception as error:  # noqa: BLE001 - it is raised where the score is asked for
            self._answers.put(error)

    def _predicted(self) -> float:
        with _package() as package:
            model = package.cvvdp(display_name=self._metric.display, device=self._metric.device, gpu_mem=_GIGABYTES, quiet=True)
        score, _ = model.predict_video_source(_Frames(self._clip, model.display_photometry, self._pairs()))
        return float(score)

    def _pairs(self) -> Iterator[_Pair]:
        first = True
        while True:
            if not first:
                self._answers.put(None)
            first = False
            given = self._given.get()
            if given is None:
                raise _AbandonedError
            yield from zip(*given, strict=True)


@contextmanager
def _package() -> Iterator[ModuleType]:
    """The package, imported; its import adds a folder of its own to the search path, which is taken back."""
    path = list(sys.path)
    try:
        import pycvvdp

        yield pycvvdp
    finally:
        sys.path[:] = path
