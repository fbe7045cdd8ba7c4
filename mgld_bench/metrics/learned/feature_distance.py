"""LPIPS and DISTS: distances between a frame and its ground truth in the features of a network."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import Tensor, nn

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ClipFacts
from mgld_bench.metrics.frame_metric import ChunkScores, FrameMetric, reference_of
from mgld_bench.metrics.inference import batches, chunk_tensor, full_float32, network_bytes
from mgld_bench.metrics.metric import Chunk, MemoryNeed, MetricFacts
from mgld_bench.networks.layers.conversion import with_winograd
from mgld_bench.networks.perceptual.dists import DISTS
from mgld_bench.networks.perceptual.lpips import LPIPS, LpipsBackbone
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.locate import locate
from mgld_bench.weights.reading import read_state_dict

SomeNetwork = TypeVar("SomeNetwork", LPIPS, DISTS)

_UNUSED = "classifier."
"""Names of the part of torchvision's networks that comes after the features."""
_IMAGES = 2 * 3 * 4
"""Bytes per pixel: both frames as float32."""


class DistanceNetwork(Protocol):
    """A network that takes the distance between two images in two steps, the first of them from one image alone."""

    def stages(self, images: Tensor) -> Iterable[Any]:
        """The features of ``images`` (n, 3, h, w), 0..1, that are compared."""

    def compare(self, first: Iterable[Any], second: Iterable[Any]) -> Tensor:
        """The distances (n,) between two stacks of images, given their features."""


@dataclass(frozen=True)
class Loaded:
    """A network on its device, with what it takes."""

    network: DistanceNetwork
    device: torch.device
    weight_bytes: int
    kept: int
    """Bytes per pixel of the ground truth's features, which are kept."""
    working: int
    """Bytes per pixel taken besides, while frames are compared; measured on a CPU."""


class FeatureDistance(FrameMetric):
    """The distance of each frame; the ground truth's features are computed once for all methods."""

    def __init__(self, facts: MetricFacts, smallest_side: int, crop: int, loaded: Loaded) -> None:
        """``smallest_side``: pixels that the network needs in both directions, after ``crop`` is cut from every side."""
        super().__init__(facts, smallest_side + 2 * crop)
        self._crop = crop
        self.loaded = loaded

    def score(self, restored: Chunk, reference: Chunk | None) -> ChunkScores:
        """See FrameMetric.score."""
        truth, network = reference_of(reference, self.facts.name), self.loaded.network
        values: list[float] = []
        with full_float32():
            ours, theirs = (chunk_tensor(chunk, self.loaded.device, self._crop) for chunk in (restored, truth))
            for rows in batches(len(restored.indices), self.loaded.device):
                kept = truth.shared((network, self._crop, rows.start), _stages(network, theirs[rows]))
                values += network.compare(network.stages(ours[rows]), kept).tolist()
        return ChunkScores(values)

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory."""
        pixels, loaded = clip.height * clip.width, self.loaded
        of_frame = pixels * (_IMAGES + loaded.kept)
        if loaded.device.type == "cpu":
            return MemoryNeed(loaded.weight_bytes + pixels * loaded.working, of_frame)
        return MemoryNeed(loaded.weight_bytes, of_frame + pixels * loaded.working)


def load_lpips(backbone: LpipsBackbone, weights: Mapping[str, WeightFile], device: str) -> LPIPS:
    """LPIPS on a torch ``device``, from the weight files ``backbone`` (torchvision's) and ``linear`` (the package lpips').

    Raises:
        InputError: A file is missing, is not the one that its entry pins, or holds tensors that the network does not have.
    """
    network = LPIPS(backbone)
    linear = nn.ModuleDict({name: module for name, module in network.named_children() if name != "features"})
    _load(network.features, linear, weights, f"LPIPS ({backbone})")
    return _ready(network, device)


def load_dists(weights: Mapping[str, WeightFile], device: str) -> DISTS:
    """DISTS on a torch ``device``, from the weight files ``backbone`` (torchvision's) and ``linear`` (that of DISTS-pytorch).

    Raises:
        InputError: A file is missing, is not the one that its entry pins, or holds tensors that the network does not have.
    """
    network = DISTS()
    _load(network.features, nn.ParameterDict(dict(network.named_parameters(recurse=False))), weights, "DISTS")
    return _ready(network, device)


def lpips_metric(facts: MetricFacts, backbone: LpipsBackbone, crop: int, device: str) -> FeatureDistance:
    """The metric LPIPS on a torch ``device``; raises as load_lpips()."""
    network = load_lpips(backbone, facts.weights, device)
    # Smaller frames leave nothing behind the last pooling layer.
    smallest_side = 31 if backbone == "alex" else 16
    kept, working = (42, 56) if backbone == "alex" else (488, 768)
    return FeatureDistance(
        facts, smallest_side, crop, Loaded(network, torch.device(device), network_bytes(network), kept, working)
    )


def dists_metric(facts: MetricFacts, crop: int, device: str) -> FeatureDistance:
    """The metric DISTS on a torch ``device``; raises as load_dists()."""
    network = load_dists(facts.weights, device)
    return FeatureDistance(facts, 1, crop, Loaded(network, torch.device(device), network_bytes(network), kept=488, working=576))


def _stages(network: DistanceNetwork, images: Tensor) -> Callable[[object], tuple[Any, ...]]:
    return lambda _frames: tuple(network.stages(images))


def _load(features: nn.Module, linear: nn.Module, weights: Mapping[str, WeightFile], title: str) -> None:
    path = locate(weights["backbone"])
    load_strictly(features, _convolutions(path), path, f"the backbone of {title}")
    path = locate(weights["linear"])
    load_strictly(linear, read_state_dict(path), path, f"the linear layers of {title}")


def _ready(network: SomeNetwork, device: str) -> SomeNetwork:
    """``network`` on a torch ``device``, with the convolutions that are fastest there."""
    if torch.device(device).type == "cpu":
        network.features = with_winograd(network.features)
    return network.eval().requires_grad_(False).to(device)


def _convolutions(path: Path) -> dict[str, Tensor]:
    """torchvision's tensors without the classifier, named as in the features alone."""
    state = read_state_dict(path)
    return {name.removeprefix("features."): tensor for name, tensor in state.items() if not name.startswith(_UNUSED)}
