"""Maps of learned metrics, where their weights are at hand.

LPIPS compares features place by place, so that it has a map. DISTS compares means and variances of whole frames: it has none.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING, Final

import numpy as np

from mgld_bench.clips.digest import text_digest
from mgld_bench.errors import InputError
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.report.maps.kinds import MapKind, Moment, Values
from mgld_bench.weights.locate import weight_sha256

if TYPE_CHECKING:
    from mgld_bench.networks.perceptual.lpips import LPIPS

LPIPS_VARIANT: Final = "lpips.alex"
_SMALLEST_SIDE: Final = 31


def learned_kinds(metrics: Mapping[str, MetricFacts]) -> tuple[MapKind, ...]:
    """The maps of those metrics of a report that are learned: LPIPS with AlexNet, where it is among them and can run here.

    Args:
        metrics: By full variant name.
    """
    if LPIPS_VARIANT not in metrics:
        return ()
    weights = metrics[LPIPS_VARIANT].weights
    # Imported only here: torch takes seconds, and many reports have no such metric.
    from mgld_bench.metrics.learned.feature_distance import load_lpips

    try:
        network = load_lpips("alex", weights, "cpu")
        identity = text_digest({role: weight_sha256(file) for role, file in weights.items()})
    except (InputError, KeyError):
        return ()
    return (lpips_kind(network, identity),)


def lpips_kind(network: LPIPS, identity: str) -> MapKind:
    """The map of LPIPS by this network; ``identity``: of its weights."""
    definition = "LPIPS (AlexNet): distance of features, each of five depths enlarged to the frame and summed; brightest: 1"
    return MapKind("lpips", "LPIPS", definition, 1, partial(_distance, network), identity)


def _distance(network: LPIPS, moment: Moment) -> Values | None:
    import torch

    if min(moment.truth.shape[:2]) < _SMALLEST_SIDE:
        return None
    with torch.inference_mode():
        frames = torch.from_numpy(np.stack([moment.restored, moment.truth])).permute(0, 3, 1, 2).float() / 255
        return np.asarray(network.distance_map(frames[:1], frames[1:])[0].numpy(), dtype=np.float64)
