"""DOVER on a clip that comes in chunks: the networks with their weights, and one run of them for all variants."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from weakref import WeakValueDictionary

import numpy as np
import torch
from torch import Tensor

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.clip import ClipFacts
from mgld_bench.errors import InputError
from mgld_bench.metrics.dover.variants import DoverScores, Reported, fuse
from mgld_bench.metrics.dover.views import AestheticView, Pixels, TechnicalView, Views, normalised, plan_views
from mgld_bench.metrics.inference import full_float32
from mgld_bench.metrics.metric import Chunk, ClipScore, ClipScorer, MemoryNeed, Metric, MetricFacts, require_size
from mgld_bench.networks.dover.network import DOVER, DoverConfig
from mgld_bench.weights.loading import load_strictly
from mgld_bench.weights.locate import locate, weight_sha256
from mgld_bench.weights.reading import read_state_dict

TECHNICAL_VIEW = TechnicalView()
AESTHETIC_VIEW = AestheticView()

_NETWORK_BYTES = 240 << 20
_CLIP_BYTES = 400 << 20
"""The most memory that one clip of 32 frames was seen to take besides the weights, on a CPU."""

_networks: WeakValueDictionary[tuple[str, str], DOVER] = WeakValueDictionary()
"""The networks in use, by the weights' sha256 and the device: variants that are built together share one."""


class Dover(Metric):
    """One of DOVER's scores of a clip; what it looks at is drawn by the clip's name, and so is the same for every method."""

    def __init__(self, facts: MetricFacts, reported: Reported, device: str) -> None:
        """``reported``: which of DOVER's scores this metric gives. Raises InputError where the weight file does not fit."""
        self.facts = facts
        self.reported = reported
        self.device = torch.device(device)
        self.network = shared_network(facts.weights["dover"], self.device)

    def start(self, clip: ClipFacts) -> ClipScorer:
        """See Metric.start."""
        require_size(self.facts.name, clip, max(TECHNICAL_VIEW.fsize_h, TECHNICAL_VIEW.fsize_w))
        return _DoverScorer(self, clip)

    def memory(self, clip: ClipFacts) -> MemoryNeed:
        """See Metric.memory; only one clip of 32 frames is on the device at any time."""
        return MemoryNeed(fixed=_NETWORK_BYTES + _CLIP_BYTES)


def shared_network(weight: WeightFile, device: torch.device) -> DOVER:
    """The network with this weight file: the one in use, or else loaded. Raises InputError where the file does not fit."""
    key = (weight_sha256(weight), str(device))
    network = _networks.get(key)
    if network is None:
        network = _networks[key] = _load(weight, device)
    return network


def _load(weight: WeightFile, device: torch.device) -> DOVER:
    path = locate(weight)
    # On the meta device no parameter is initialised, which would take time and draw from the global random stream.
    with torch.device("meta"):
        network = DOVER(DoverConfig())
    network = network.to_empty(device=device)
    load_strictly(network, read_state_dict(path), path, "DOVER")
    return network.eval()


def seed_of(clip: str) -> int:
    """The seed for a clip of this name: the CRC-32 of its UTF-8 bytes."""
    return zlib.crc32(clip.encode())


class _Run:
    """One clip's views, and the networks' scores of them: the same for all variants, so that their scorers share one."""

    def __init__(self, metric: Dover, clip: ClipFacts) -> None:
        self._network = metric.network
        self._device = metric.device
        self._clip = clip
        self.seed = seed_of(clip.name)
        size = (clip.frame_count, clip.height, clip.width)
        self._views = Views(plan_views(TECHNICAL_VIEW, AESTHETIC_VIEW, *size, self.seed, self.seed))
        self._scores: DoverScores | None = None

    def add(self, chunk: Chunk) -> None:
        """Keep what the views need of a chunk; done once, however many scorers give the same chunk."""
        chunk.shared(self, lambda _frames: self._add(chunk))

    def _add(self, chunk: Chunk) -> None:
        for index, frame in zip(chunk.indices, chunk.frames, strict=True):
            self._views.add(index, frame)

    def scores(self) -> DoverScores:
        """The clip's scores, when everything has been added."""
        if self._scores is None:
            if self._views.missing:
                frame = min(self._views.missing)
                raise InputError(f"clip {self._clip.name}: DOVER needs frame {frame}, which it was not given")
            technical = self._raw(self._network.technical, self._views.technical, TECHNICAL_VIEW.num_clips)
            aesthetic = self._raw(self._network.aesthetic, self._views.aesthetic, AESTHETIC_VIEW.num_clips)
            self._scores = fuse(technical, aesthetic)
        return self._scores

    def facts(self) -> dict[str, float | str]:
        """What goes into the facts of every variant's score."""
        scores = self.scores()
        facts = {"seed": self.seed, "technical_raw": scores.technical_raw, "aesthetic_raw": scores.aesthetic_raw}
        return facts | ({"aesthetic_view": self.short} if self.short else {})

    @property
    def short(self) -> str:
        """What the aesthetic view is made of where the clip has too few frames for it; else ""."""
        parts = AESTHETIC_VIEW.t_frag
        if self._clip.frame_count >= parts:
            return ""
        return f"frame 0 only, as in the authors' code for clips of fewer than {parts} frames"

    def _raw(self, branch: Callable[[Tensor], Tensor], view: Pixels, clips: int) -> float:
        """The mean of a branch's maps, one clip at a time."""
        with full_float32():
            maps = [branch(normalised(torch.from_numpy(part).to(self._device)[None])).cpu() for part in np.split(view, clips)]
        return torch.stack(maps).double().mean().item()


class _DoverScorer(ClipScorer):
    def __init__(self, metric: Dover, clip: ClipFacts) -> None:
        self._metric = metric
        self._clip = clip
        self._run: _Run | None = None

    def add(self, restored: Chunk, reference: Chunk | None) -> None:
        if self._run is None:
            self._run = restored.clip.get((_Run, self._metric.network), lambda: _Run(self._metric, self._clip))
        self._run.add(restored)

    def finish(self) -> ClipScore:
        if self._run is None:
            raise InputError(f"clip {self._clip.name}: DOVER was given no frame")
        name = self._metric.facts.name
        notes = (f"{name}: the aesthetic view sees {self._run.short}",) if self._run.short else ()
        return ClipScore(name, self._run.scores().of(self._metric.reported), None, notes, self._run.facts())
