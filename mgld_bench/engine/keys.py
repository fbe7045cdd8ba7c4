"""Unit keys: digests of everything that a restored clip or a score depends on. Keys identify finished work across versions."""

from __future__ import annotations

from mgld_bench.cards.schemas import MethodCard, ProtocolCard
from mgld_bench.clips.digest import text_digest
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.weights.locate import weight_sha256


def restore_key(source: str, dataset: str, clip: str, card: MethodCard, precision: str) -> str:
    """The key of a restored clip.

    Args:
        source: the key of the pair, or the digest of an LR clip that belongs to none.
        dataset: name of the dataset, "" outside of one.
        clip: name of the clip.
        card: the method.
        precision: in which the method computes.

    Raises:
        InputError: a weight file is missing or wrong.
    """
    restorer = restorer_class(card)
    options = parse_options(card)
    return text_digest(
        {
            "unit": "restore",
            "source": source,
            "method": card.name,
            "restorer": card.restorer,
            "revision": restorer.revision,
            "options": options.model_dump(mode="json"),
            "weights": weights_sha256(card),
            "precision": precision,
            "files": restorer.depends_on(options, dataset, clip),
        }
    )


def weights_sha256(card: MethodCard) -> dict[str, str]:
    """sha256 of each weight file of a method, by role. Raises InputError where one is missing or not the pinned one."""
    return {role: weight_sha256(weight) for role, weight in sorted(card.weights.items())}


def method_facts(card: MethodCard) -> dict[str, object]:
    """What is recorded of a restored clip's method: the resolved card, and the weights' sha256, pinned or not."""
    return {"method": card.model_dump(mode="json"), "weights": weights_sha256(card)}


def metric_sha256(metric: MetricFacts) -> dict[str, str]:
    """sha256 of each file that decides a metric's numbers. Raises InputError where one is missing or wrong."""
    return {**metric.files, **{weight.file: weight_sha256(weight) for weight in metric.weights.values()}}


def metric_facts(metric: MetricFacts) -> dict[str, object]:
    """What is recorded of a score's metric: its definition, and the sha256 of its files."""
    return {"definition": metric.definition, "revision": metric.revision, "files": metric_sha256(metric)}


def score_key(restored: str, metric: MetricFacts, protocol: ProtocolCard) -> str:
    """The key of a metric's score of a restored clip; ``restored`` is that clip's key, which depends on its pair."""
    frames = protocol.frames if protocol.frames == "all" else list(protocol.frames)
    return text_digest(
        {
            "unit": "score",
            "restored": restored,
            "metric": metric.name,
            "revision": metric.revision,
            "files": metric_sha256(metric),
            "frames": frames,
        }
    )
