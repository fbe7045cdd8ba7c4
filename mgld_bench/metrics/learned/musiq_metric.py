"""Runs MUSIQ: the network is pyiqa's, the weight file ours to find."""

from __future__ import annotations

import torch
from torch import nn

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric
from mgld_bench.metrics.learned.full_float32 import full_float32
from mgld_bench.metrics.learned.tensors import batches, chunk_tensor
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.locate import locate
from mgld_bench.weights.reading import read_state_dict

PATCH = 32
SMALL_SCALES_TOKENS = 49 + 144
_TOKEN_BYTES = 360_000
_TOKEN_PAIR_BYTES = 72
"""Before the transformer, and for each pair of tokens in it (six heads, three copies): from the shapes of the layers."""


class MUSIQ(FrameMetric):
    """MUSIQ per frame."""

    def __init__(self, facts: MetricFacts, crop: int, network: nn.Module, device: torch.device) -> None:
        """``network``: from (n, 3, h, w) RGB, 0..1, to n scores; on ``device``."""
        super().__init__(facts, 2 * crop + 1)
        self._crop = crop
        self._network = network
        self._device = device

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        images, crop = chunk_tensor(restored, self._device), self._crop
        images = images[:, :, crop : images.shape[2] - crop, crop : images.shape[3] - crop]
        values: list[float] = []
        with full_float32():
            for rows in batches(len(images), self._device):
                values += self._network(images[rows]).view(-1).tolist()
        return ChunkScores(values)

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        tokens = SMALL_SCALES_TOKENS + -(-clip.height // PATCH) * -(-clip.width // PATCH)
        weights = sum(tensor.nbytes for tensor in self._network.state_dict().values())
        frame, working = 12 * clip.height * clip.width, tokens * (_TOKEN_BYTES + _TOKEN_PAIR_BYTES * tokens)
        return MemoryNeed(weights + working, frame) if self._device.type == "cpu" else MemoryNeed(weights, frame + working)


def load_musiq(facts: MetricFacts, crop: int, device: str) -> MUSIQ:
    """MUSIQ on a torch ``device``, from the weight file ``network``.

    Raises InputError where it is missing, is another one, or holds other tensors than the network has.
    """
    network = build_network()
    path = locate(facts.weights["network"])
    load_strictly(network, read_state_dict(path), path, "MUSIQ (KonIQ)")
    return MUSIQ(facts, crop, network.eval().requires_grad_(False).to(device), torch.device(device))


def build_network() -> nn.Module:
    """pyiqa's network, without weights; nothing is downloaded."""
    from pyiqa.archs import musiq_arch

    network: nn.Module = musiq_arch.MUSIQ(pretrained=False)
    return network
