"""What a report card asks for, resolved: its datasets, methods and metric variants, and what cannot run here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.loader import load_dataset, load_degradation, load_method, load_protocol, load_report
from mgld_bench.cards.schemas import DatasetCard, DegradationCard, MethodCard, ProtocolCard, ReportCard
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.metrics.catalogue import describe, reason_unavailable
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.restoring.loading import why_unavailable


@dataclass(frozen=True)
class Obstacle:
    """Something that the suite asks for but that cannot run here."""

    kind: str
    """dataset, method or metric."""
    name: str
    reason: str


@dataclass(frozen=True)
class Suite:
    """Which datasets x methods x metrics to run, under which protocol."""

    report: ReportCard
    protocol: ProtocolCard
    datasets: Mapping[str, DatasetCard]
    degradations: Mapping[str, DegradationCard | None]
    """By dataset; None where LR is taken as it is."""
    methods: Mapping[str, MethodCard]
    """In the report's order; only those that can run."""
    waiting: Mapping[str, MethodCard]
    """Those that cannot run here until something that is missing, such as their weights, is there."""
    metrics: Mapping[str, Mapping[str, MetricFacts]]
    """By dataset, then by full variant name, in the report's order; only those that can run."""
    gaps: Mapping[str, Mapping[str, MetricFacts]]
    """The same for those that cannot run here."""
    obstacles: tuple[Obstacle, ...]

    @property
    def all_metrics(self) -> dict[str, MetricFacts]:
        """Every metric of any dataset, by full variant name, including those that cannot run."""
        return {name: facts for kind in (self.metrics, self.gaps) for metrics in kind.values() for name, facts in metrics.items()}


def load_suite(
    report: str,
    compute: Compute,
    datasets: Sequence[str] = (),
    methods: Sequence[str] = (),
    metrics: Sequence[str] = (),
    cards: Sequence[Path] = (),
) -> Suite:
    """The suite of a report card.

    Args:
        report: name of a report card, or a card file.
        compute: where and how methods are to run; decides whether they can.
        datasets: in place of those of the report, likewise ``methods`` and ``metrics``; where none is given, the report's.
        methods: see ``datasets``.
        metrics: see ``datasets``; short names of the protocol, or full variant names.
        cards: further folders with cards.

    Raises:
        InputError: an unknown report, dataset or protocol. What merely cannot run becomes an obstacle of the suite.
    """
    card = load_report(report, cards)
    protocol = load_protocol(card.protocol, cards)
    wanted = {entry.name: entry.metrics for entry in card.datasets}
    chosen = {name: load_dataset(name, cards) for name in (datasets or wanted)}
    shown = tuple(dict.fromkeys(metric for names in wanted.values() for metric in names))
    obstacles: list[Obstacle] = []
    by_dataset: dict[str, dict[str, MetricFacts]] = {}
    gaps: dict[str, dict[str, MetricFacts]] = {}
    for name, dataset in chosen.items():
        described = _metrics(metrics or wanted.get(name, shown), dataset, protocol, obstacles)
        gaps[name] = _gaps(described, obstacles)
        by_dataset[name] = {metric: facts for metric, facts in described.items() if metric not in gaps[name]}
    able, waiting = _methods(methods or card.methods, compute, cards, obstacles)
    return Suite(
        report=card,
        protocol=protocol,
        datasets=chosen,
        degradations={
            name: load_degradation(dataset.degradation, cards) if dataset.degradation else None
            for name, dataset in chosen.items()
        },
        methods=able,
        waiting=waiting,
        metrics=by_dataset,
        gaps=gaps,
        obstacles=tuple(dict.fromkeys(obstacles)),
    )


def _metrics(
    names: Sequence[str], dataset: DatasetCard, protocol: ProtocolCard, obstacles: list[Obstacle]
) -> dict[str, MetricFacts]:
    found: dict[str, MetricFacts] = {}
    for name in names:
        full = protocol.resolve(name)
        try:
            facts = describe(full)
        except InputError as error:
            obstacles.append(Obstacle("metric", full, str(error)))
            continue
        if facts.needs_reference and not dataset.ground_truth:
            obstacles.append(Obstacle("metric", full, f"needs ground truth, and {dataset.name} has none"))
            continue
        found[full] = facts
    return found


def _gaps(described: Mapping[str, MetricFacts], obstacles: list[Obstacle]) -> dict[str, MetricFacts]:
    """Those of the metrics that cannot run here."""
    found: dict[str, MetricFacts] = {}
    for name, facts in described.items():
        reason = reason_unavailable(name)
        if reason is not None:
            obstacles.append(Obstacle("metric", name, reason))
            found[name] = facts
    return found


def _methods(
    names: Sequence[str], compute: Compute, cards: Sequence[Path], obstacles: list[Obstacle]
) -> tuple[dict[str, MethodCard], dict[str, MethodCard]]:
    """The cards of the methods that can run here, and of those that cannot."""
    able: dict[str, MethodCard] = {}
    waiting: dict[str, MethodCard] = {}
    for name in names:
        try:
            card = load_method(name, cards)
        except InputError as error:
            obstacles.append(Obstacle("method", name, str(error)))
            continue
        reason = why_unavailable(card, compute)
        if reason is None:
            able[card.name] = card
        else:
            waiting[card.name] = card
            obstacles.append(Obstacle("method", card.name, reason))
    return able, waiting
