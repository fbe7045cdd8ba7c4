"""Unit keys: digests of everything that a restored clip or a score depends on. Keys identify finished work across versions."""

from __future__ import annotations

from collections.abc import Mapping

from mgld_bench.cards.schemas import MethodCard, ProtocolCard
from mgld_bench.clips.digest import text_digest
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.restoring.way import Way
from mgld_bench.weights.locate import weight_sha256


def restore_key(source: str, dataset: str, clip: str, card: MethodCard, precision: str, way: Way | None = None) -> str:
    """The key of a restored clip.

    Args:
        source: the key of the pair, or the digest of an LR clip that belongs to none.
        dataset: name of the dataset, "" outside of one.
        clip: name of the clip.
        card: the method.
        precision: in which the method computes.
        way: what else of this machine and of the memory allowed decides the frames; see `way_here`.

    Raises:
        InputError: a weight file is missing or wrong.
    """
    options = parse_options(card)
    files = restorer_class(card).depends_on(options, dataset, clip)
    return restore_key_of(source, card, precision, weights_sha256(card), files, way)


def restore_key_of(
    source: str, card: MethodCard, precision: str, weights: Mapping[str, str], files: str, way: Way | None = None
) -> str:
    """The key of a restored clip whose files are known by their digests: ``weights`` by role, ``files`` of `depends_on`."""
    return text_digest(
        {
            "unit": "restore",
            "source": source,
            "method": card.name,
            "restorer": card.restorer,
            "revision": restorer_class(card).revision,
            "options": parse_options(card).model_dump(mode="json"),
            "weights": dict(weights),
            "precision": precision,
            "files": files,
            # Left out for the plain way, for which keys are those of version 0.1.
            **({"way": dict(way)} if way else {}),
        }
    )


def weights_sha256(card: MethodCard) -> dict[str, str]:
    """sha256 of each weight file of a method, by role. Raises InputError where one is missing or not the pinned one."""
    return {role: weight_sha256(weight) for role, weight in sorted(card.weights.items())}


def method_facts(card: MethodCard) -> dict[str, object]:
    """What is recorded of a restored clip's method: the resolved card, and the weights' sha256, pinned or not."""
    return {"method": card.model_dump(mode="json"), "weights": weights_sha256(card), "not_pinned": not_pinned(card)}


def not_pinned(card: MethodCard) -> dict[str, str]:
    """By name, what the card leaves open of a weight file's content: which one was used only its sha256 in records says."""
    return {weight.file: weight.not_pinned for weight in card.weights.values() if weight.not_pinned}


def metric_sha256(metric: MetricFacts) -> dict[str, str]:
    """sha256 of each file that decides a metric's numbers. Raises InputError where one is missing or wrong."""
    return {**metric.files, **{weight.file: weight_sha256(weight) for weight in metric.weights.values()}}


def pinned_sha256(metric: MetricFacts) -> dict[str, str] | None:
    """What `metric_sha256` gives where the right files are here, by what their cards pin; None where one is not pinned."""
    pinned = {weight.file: weight.sha256 for weight in metric.weights.values()}
    return {**metric.files, **pinned} if all(pinned.values()) else None


def metric_facts(metric: MetricFacts) -> dict[str, object]:
    """What is recorded of a score's metric: its definition, and the sha256 of its files."""
    return {"definition": metric.definition, "revision": metric.revision, "files": metric_sha256(metric)}


def score_key(restored: str, metric: MetricFacts, protocol: ProtocolCard, files: Mapping[str, str] | None = None) -> str:
    """The key of a metric's score of a restored clip; ``restored`` is that clip's key, which depends on its pair.

    ``files``: sha256 of the files that decide the metric's numbers, where they are known; None: of those that are here.
    """
    frames = protocol.frames if protocol.frames == "all" else list(protocol.frames)
    return text_digest(
        {
            "unit": "score",
            "restored": restored,
            "metric": metric.name,
            "revision": metric.revision,
            "files": metric_sha256(metric) if files is None else dict(files),
            "frames": frames,
            # Left out where frames are scored as they are, for which keys are those of version 0.1.
            **({} if protocol.short_side is None else {"short_side": protocol.short_side}),
        }
    )
