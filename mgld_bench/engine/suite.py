"""What a report card asks for, resolved: its datasets, methods and metric variants, and what cannot run here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.cards.loader import has_card, load_dataset, load_degradation, load_method, load_protocol, load_report
from mgld_bench.cards.schemas import DatasetCard, DegradationCard, MethodCard, ProtocolCard, ReportCard
from mgld_bench.cards.validation import field_error
from mgld_bench.errors import InputError, did_you_mean
from mgld_bench.methods.compute import Compute
from mgld_bench.metrics.catalogue import describe, reason_unavailable
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.pairs.choice import choose_lr, instance_label
from mgld_bench.pairs.stored import EXISTING
from mgld_bench.pairs.subset import EVERY_CLIP, Subset
from mgld_bench.restoring.loading import parse_options, why_unavailable
from mgld_bench.weights.missing import unpublished

COSTS: Final = ProtocolCard(name="costs", title="Costs", metrics={})
"""What stands in place of a protocol in a table of costs."""


@dataclass(frozen=True)
class Obstacle:
    """Something that the suite asks for but that cannot run here."""

    kind: str
    """dataset, method or metric."""
    name: str
    reason: str
    wrong_use: bool = False
    """Whether the user asked for something that there is not: a misspelt name."""
    unpublished: bool = False
    """Whether nobody can run it, because something of it was never published: then a run without it is complete."""


@dataclass(frozen=True)
class Suite:
    """Which datasets x methods x metrics to run, under which protocol."""

    report: ReportCard
    protocol: ProtocolCard
    datasets: Mapping[str, DatasetCard]
    degradations: Mapping[str, DegradationCard | None]
    """By dataset; None where LR is taken as it is."""
    instances: Mapping[str, str]
    """By dataset, what is printed beside its name where its LR is not that of its card; absent where it is."""
    order: tuple[str, ...]
    """The names of all methods that have a card, in the report's order."""
    methods: Mapping[str, MethodCard]
    """Only those that can run."""
    waiting: Mapping[str, MethodCard]
    """Those that cannot run here until something that is missing, such as their weights, is there."""
    metrics: Mapping[str, Mapping[str, MetricFacts]]
    """By dataset, then by full variant name, in the report's order; only those that can run."""
    gaps: Mapping[str, Mapping[str, MetricFacts]]
    """The same for those that cannot run here."""
    obstacles: tuple[Obstacle, ...]
    remarks: tuple[str, ...]
    """What the user should know of the choice of LR clips, one line each."""
    subset: Subset = EVERY_CLIP
    """Which clips of the datasets."""

    @property
    def unpublished(self) -> dict[str, str]:
        """Why nobody can run a method, by its name; only those of which that is so."""
        return {obstacle.name: obstacle.reason for obstacle in self.obstacles if obstacle.unpublished}

    @property
    def every_method(self) -> dict[str, MethodCard]:
        """The methods that have a card, in the report's order, whether they can run here or not."""
        both = {**self.methods, **self.waiting}
        return {name: both[name] for name in self.order}

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
    workspace: Path = Path("workspace"),
    sources: Mapping[str, Path] | None = None,
    degradation: str = "",
    protocol: str = "",
    subset: Subset = EVERY_CLIP,
) -> Suite:
    """The suite of a report card.

    Args:
        report: name of a report card, or a card file.
        compute: where and how methods are to run; decides whether they can.
        datasets: in place of those of the report, likewise ``methods`` and ``metrics``; where none is given, the report's.
        methods: see ``datasets``.
        metrics: see ``datasets``; short names of the protocol, or full variant names.
        cards: further folders with cards.
        workspace: where pairs are; decides whose LR clips are used, see choose_lr().
        sources: by dataset, the folder of its official download.
        degradation: in place of the datasets' own; ``existing``: the LR clips that came with them.
        protocol: in place of the report's; name of a protocol card, or a card file.
        subset: only these clips.

    Raises:
        InputError: an unknown report, dataset or protocol. What merely cannot run becomes an obstacle of the suite.
    """
    card = load_report(report, cards)
    taken = COSTS if card.costs is not None else load_protocol(protocol or card.protocol, cards)
    card = card if card.costs is not None or taken.name == card.protocol else card.model_copy(update={"protocol": taken.name})
    wanted = {entry.name: entry.metrics for entry in card.datasets}
    chosen = {dataset.name: dataset for dataset in (load_dataset(name, cards) for name in (datasets or wanted))}
    shown = tuple(dict.fromkeys(metric for names in wanted.values() for metric in names))
    obstacles: list[Obstacle] = []
    by_dataset: dict[str, dict[str, MetricFacts]] = {}
    gaps: dict[str, dict[str, MetricFacts]] = {}
    for name, dataset in chosen.items():
        described = _metrics(metrics or wanted.get(name, shown), dataset, taken, obstacles, named_by_user=bool(metrics))
        gaps[name] = _gaps(described, obstacles)
        by_dataset[name] = {metric: facts for metric, facts in described.items() if metric not in gaps[name]}
    why_not = _why_not_measured if card.costs is not None else why_unavailable
    able, waiting, order = _methods(methods or card.methods, compute, cards, obstacles, bool(methods), why_not)
    _check_layout(card, tuple(able.values()) + tuple(waiting.values()), tuple(chosen.values()), bool(methods), bool(datasets))
    lr = {
        name: choose_lr(dataset, workspace, degradation, can_build=name in (sources or {}) or _packaged(dataset))
        for name, dataset in chosen.items()
    }
    labels = {name: instance_label(chosen[name], choice.name) for name, choice in lr.items()}
    return Suite(
        report=card,
        protocol=taken,
        datasets=chosen,
        degradations={
            name: None if choice.name == EXISTING else load_degradation(choice.name, cards) for name, choice in lr.items()
        },
        instances={name: label for name, label in labels.items() if label},
        order=order,
        methods=able,
        waiting=waiting,
        metrics=by_dataset,
        gaps=gaps,
        obstacles=tuple(dict.fromkeys(obstacles)),
        remarks=tuple(choice.note for choice in lr.values() if choice.note),
        subset=subset,
    )


def unknown_names(suite: Suite) -> str:
    """Everything that the user misspelt, in one line; "" where nothing was."""
    wrong = [obstacle.reason for obstacle in suite.obstacles if obstacle.wrong_use]
    return f"{suite.report.name}: {'; '.join(wrong)}" if wrong else ""


def _why_not_measured(card: MethodCard, compute: Compute) -> str | None:
    """Why the cost of a method cannot be measured, in one line; None if it can: missing weights do not matter."""
    from mgld_bench.engine.profiling import require_profilable

    try:
        require_profilable(card)
        parse_options(card)
        compute.check()
    except InputError as error:
        return str(error)
    return None


def _check_layout(
    card: ReportCard, methods: Sequence[MethodCard], datasets: Sequence[DatasetCard], other_methods: bool, other_datasets: bool
) -> None:
    """Raise InputError for an attribute that no method has, or a tag that no clip has, unless the user chose other ones."""
    attributes = list(dict.fromkeys(name for method in methods for name in method.attributes))
    for index, name in enumerate(card.table.attributes):
        if name not in attributes and methods and not other_methods:
            hint = did_you_mean(name, attributes, f"there are: {', '.join(attributes) or 'none'}")
            raise field_error(card, ("table", "attributes", index), f"no method of this report has an attribute {name!r}; {hint}")
    tags = list(dict.fromkeys(tag for dataset in datasets for clip in dataset.clips for tag in clip.tags))
    if card.table.by and card.table.by not in tags and not other_datasets:
        hint = did_you_mean(card.table.by, tags, f"there are: {', '.join(tags) or 'none'}")
        raise field_error(card, ("table", "by"), f"no clip of these datasets has a tag {card.table.by!r}; {hint}")


def _packaged(dataset: DatasetCard) -> bool:
    return any(layout.package for layout in dataset.layouts)


def _metrics(
    names: Sequence[str], dataset: DatasetCard, protocol: ProtocolCard, obstacles: list[Obstacle], named_by_user: bool
) -> dict[str, MetricFacts]:
    found: dict[str, MetricFacts] = {}
    for name in names:
        full = protocol.resolve(name)
        try:
            facts = describe(full)
        except InputError as error:
            obstacles.append(Obstacle("metric", full, str(error), wrong_use=named_by_user))
            continue
        if facts.needs_reference and not dataset.ground_truth:
            obstacles.append(Obstacle("metric", full, f"needs ground truth, and {dataset.name} has none"))
            continue
        found[facts.name] = facts
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
    names: Sequence[str],
    compute: Compute,
    cards: Sequence[Path],
    obstacles: list[Obstacle],
    named_by_user: bool,
    why_not: Callable[[MethodCard, Compute], str | None],
) -> tuple[dict[str, MethodCard], dict[str, MethodCard], tuple[str, ...]]:
    """The cards of the methods that can run here, of those that cannot, and the names of both in the order of ``names``."""
    order: list[str] = []
    able: dict[str, MethodCard] = {}
    waiting: dict[str, MethodCard] = {}
    for name in names:
        try:
            card = load_method(name, cards)
        except InputError as error:
            obstacles.append(Obstacle("method", name, str(error), wrong_use=named_by_user and not has_card(name, cards)))
            continue
        order.append(card.name)
        reason = why_not(card, compute)
        if reason is None:
            able[card.name] = card
        else:
            waiting[card.name] = card
            never = unpublished(tuple(card.weights.values())) if why_not is why_unavailable else ""
            text = f"not published: {never}" if never else reason
            obstacles.append(Obstacle("method", card.name, text, unpublished=bool(never)))
    return able, waiting, tuple(dict.fromkeys(order))
