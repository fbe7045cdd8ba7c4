"""MUSIQ: pyiqa's network, with a weight file that this suite looks for.

Ke et al., MUSIQ: Multi-scale Image Quality Transformer, ICCV 2021. Its facts are read without PyTorch, which is imported only
when the metric is loaded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts, Variant
from mgld_bench.metrics.pyiqa.package import why_not_installed
from mgld_bench.metrics.weight_files import weight_file

if TYPE_CHECKING:
    from torch import nn

PATCH = 32
SMALL_SCALES_TOKENS = 49 + 144
_TOKEN_BYTES = 360_000
_TOKEN_PAIR_BYTES = 72
"""Before the transformer, and for each pair of tokens in it (six heads, three copies): from the shapes of the layers."""


class MUSIQ(FrameMetric):
    """MUSIQ per frame."""

    def __init__(self, facts: MetricFacts, crop: int, network: nn.Module, device: str) -> None:
        """``network``: from (n, 3, h, w) RGB, 0..1, to n scores; on the torch ``device``."""
        import torch

        super().__init__(facts, 2 * crop + 1)
        self._crop = crop
        self._network = network
        self._device = torch.device(device)

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        from mgld_bench.metrics.inference import batches, chunk_tensor, full_float32

        values: list[float] = []
        with full_float32():
            images = chunk_tensor(restored, self._device, self._crop)
            for rows in batches(len(images), self._device):
                values += self._network(images[rows]).view(-1).tolist()
        return ChunkScores(values)

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        from mgld_bench.metrics.inference import network_bytes

        tokens = SMALL_SCALES_TOKENS + -(-clip.height // PATCH) * -(-clip.width // PATCH)
        weights = network_bytes(self._network)
        frame, working = 12 * clip.height * clip.width, tokens * (_TOKEN_BYTES + _TOKEN_PAIR_BYTES * tokens)
        return MemoryNeed(weights + working, frame) if self._device.type == "cpu" else MemoryNeed(weights, frame + working)


def load_musiq(facts: MetricFacts, crop: int, device: str) -> MUSIQ:
    """MUSIQ on a torch ``device``, from the weight file ``network`` of its facts.

    Raises:
        InputError: The file is missing, is not the one that the facts pin, or holds tensors that the network does not have.
    """
    from mgld_bench.weights.loading import load_strictly
    from mgld_bench.weights.locate import locate
    from mgld_bench.weights.reading import read_state_dict

    network = build_network()
    path = locate(facts.weights["network"])
    load_strictly(network, read_state_dict(path), path, "MUSIQ (KonIQ)")
    return MUSIQ(facts, crop, network.eval().requires_grad_(False).to(device), device)


def build_network() -> nn.Module:
    """pyiqa's network, without weights; nothing is downloaded."""
    from pyiqa.archs import musiq_arch

    network: nn.Module = musiq_arch.MUSIQ(pretrained=False)
    return network


def variants() -> tuple[Variant, ...]:
    """The variants of this family."""
    facts = MetricFacts(
        name="musiq.koniq",
        title="MUSIQ",
        direction="higher",
        needs_reference=False,
        per_frame=True,
        digits=2,
        revision=1,
        definition="trained on KonIQ-10k, as pyiqa's musiq; scales 224, 384 and full size; 8-bit RGB, float32; mean over frames",
        license="PolyForm-Noncommercial-1.0.0 (the network's code, in pyiqa), Apache-2.0 (weights)",
        weights={"network": weight_file("musiq-koniq")},
    )
    loader = "mgld_bench.metrics.learned.musiq:load_musiq"
    return (Variant(facts, loader, on_device=True, why_unavailable=why_not_installed),)
