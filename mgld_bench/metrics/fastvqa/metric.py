"""FAST-VQA and FasterVQA on a clip that comes in chunks."""

from __future__ import annotations

from weakref import WeakValueDictionary

import numpy as np
import torch

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.dover.metric import seed_of
from mgld_bench.metrics.dover.views import normalised
from mgld_bench.metrics.fastvqa.variants import Model, Sampling, score_of
from mgld_bench.metrics.fastvqa.view import FragmentView
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, MemoryNeed, Metric, MetricFacts, require_size
from mgld_bench.networks.fastvqa import FastVQA, FastVQAConfig
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.locate import locate, weight_sha256
from mgld_bench.weights.reading import read_state_dict

_SMALLEST_SIDE = 32
_NETWORK_BYTES = 120 << 20
_CLIP_BYTES = 400 << 20
"""As DOVER's technical branch, which is the same network."""

_networks: WeakValueDictionary[tuple[str, str], FastVQA] = WeakValueDictionary()
"""The networks in use, by the weights' sha256 and the device: variants that are built together share one."""


class FastVqa(Metric):
    """The quality of a clip; what is looked at is drawn by the clip's name, and so is the same for every method."""

    def __init__(self, facts: MetricFacts, model: Model, sampling: Sampling, device: str) -> None:
        """One model on the frames of one ``sampling``. Raises InputError where the weight file does not fit."""
        self.facts = facts
        self.model = model
        self.sampling: Sampling = sampling
        self.device = torch.device(device)
        self.network = _shared_network(facts.weights["network"], model.title, self.device)

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        require_size(self.facts.name, clip, _SMALLEST_SIDE)
        return _Scorer(self, clip)

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory; only one clip of 32 frames is on the device at any time."""
        return MemoryNeed(fixed=_NETWORK_BYTES + _CLIP_BYTES)


def _shared_network(weight: WeightFile, title: str, device: torch.device) -> FastVQA:
    key = (weight_sha256(weight), str(device))
    network = _networks.get(key)
    if network is None:
        network = _networks[key] = _load(weight, title, device)
    return network


def _load(weight: WeightFile, title: str, device: torch.device) -> FastVQA:
    path = locate(weight)
    # On the meta device no parameter is initialised, which would take time and draw from the global random stream.
    with torch.device("meta"):
        network = FastVQA(FastVQAConfig())
    network = network.to_empty(device=device)
    load_strictly(network, read_state_dict(path), path, title)
    return network.eval()


class _Scorer(ClipScorer):
    def __init__(self, metric: FastVqa, clip: ClipFacts) -> None:
        self._metric = metric
        self._clip = clip
        self._seed = seed_of(clip.name)
        size = (clip.frame_count, clip.height, clip.width)
        self._view = FragmentView(metric.model, metric.sampling, size, self._seed)

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        for index, frame in zip(restored.indices, restored.frames, strict=True):
            self._view.add(index, frame)

    def finish(self) -> ClipScore:
        name = self._metric.facts.name
        if self._view.missing:
            raise InputError(f"clip {self._clip.name}: {name} needs frame {min(self._view.missing)}, which it was not given")
        raw = raw_score(self._metric.network, self._view, self._metric.model, self._metric.device)
        return ClipScore(name, score_of(raw, self._metric.model), None, facts={"seed": self._seed, "raw": raw})


def raw_score(network: FastVQA, view: FragmentView, model: Model, device: torch.device) -> float:
    """The mean of the network's maps of a complete view, one clip of 32 frames at a time."""
    with full_float32():
        parts = (torch.from_numpy(part).to(device)[None] for part in np.split(view.pixels, model.clips))
        return torch.stack([network(normalised(part)).cpu() for part in parts]).double().mean().item()
