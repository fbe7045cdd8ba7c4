"""Runs a metric of pyiqa."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.memory import is_out_of_memory
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric, reference_of
from mgld_bench.metrics.learned.full_float32 import full_float32
from mgld_bench.metrics.learned.tensors import chunk_tensor
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts
from mgld_bench.metrics.pyiqa.building import build, without_network
from mgld_bench.metrics.pyiqa.files import files_folder


class PyiqaMetric(FrameMetric):
    """A metric of pyiqa per frame: frames go in one by one, as some of its metrics depend on the size of a batch."""

    def __init__(self, facts: MetricFacts, crop: int, network: nn.Module, device: torch.device) -> None:
        """``network``: from (1, 3, h, w) RGB, 0..1, and where there is ground truth also that, to one number; on ``device``."""
        super().__init__(facts, 2 * crop + 1)
        self._crop = crop
        self._network = network
        self._device = device

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score. Raises InputError where pyiqa cannot score frames of this size."""
        images = [self._images(restored)]
        if self.facts.needs_reference:
            images.append(self._images(reference_of(reference, self.facts.name)))
        with full_float32(), without_network():
            return ChunkScores([self._score(*(stack[row : row + 1] for stack in images)) for row in range(len(images[0]))])

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory: the weights and the frames; what the network takes besides is not known."""
        weights = sum(tensor.nbytes for tensor in self._network.state_dict().values())
        return MemoryNeed(weights, 2 * 12 * clip.height * clip.width)

    def _images(self, chunk: Chunk) -> Tensor:
        images, crop = chunk_tensor(chunk, self._device), self._crop
        return images[:, :, crop : images.shape[2] - crop, crop : images.shape[3] - crop]

    def _score(self, *images: Tensor) -> float:
        try:
            found = self._network(*images)
        except (RuntimeError, ValueError, AssertionError, IndexError) as error:
            if is_out_of_memory(error):
                raise
            size, reason = f"{images[0].shape[3]}x{images[0].shape[2]}", " ".join(str(error).split())[:200]
            raise InputError(f"metric {self.facts.name}: pyiqa fails on frames of {size}: {reason}") from None
        if not isinstance(found, Tensor) or found.numel() != 1:
            raise InputError(f"metric {self.facts.name}: it does not give one number per frame")
        return float(found)


def load_pyiqa(facts: MetricFacts, short: str, crop: int, device: str) -> PyiqaMetric:
    """pyiqa's metric ``short`` on a torch ``device``, from the files that were fetched for it; the network is not used.

    Raises InputError where it cannot be built.
    """
    return PyiqaMetric(facts, crop, build(short, files_folder(short), device), torch.device(device))
