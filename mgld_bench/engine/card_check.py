"""Checking cards before they are used: schema, options, and everything that a card names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.figures import PIXEL_METRICS, AnyFigure, CostFigure, CropsFigure, RadarFigure, SweepFigure
from mgld_bench.cards.loader import extended_card, load_card, load_dataset, load_degradation, load_method, load_protocol
from mgld_bench.cards.published_card import PublishedCard
from mgld_bench.cards.schemas import (
    Card,
    CardKind,
    DatasetCard,
    DegradationCard,
    MethodCard,
    ProtocolCard,
    ReportCard,
)
from mgld_bench.cards.search_path import KIND_FOLDERS, SUFFIXES, card_files, search_path
from mgld_bench.cards.studies import StudyCard
from mgld_bench.cards.validation import field_error
from mgld_bench.degradation.degradation import Degradation, class_name
from mgld_bench.degradation.loading import load_pipeline
from mgld_bench.errors import InputError, did_you_mean, first_of
from mgld_bench.metrics.catalogue import describe
from mgld_bench.restoring.loading import parse_options


@dataclass(frozen=True)
class CheckedCard:
    """What checking one card file found."""

    file: Path
    name: str
    kind: CardKind | None
    """None where the file could not be loaded and its folder does not determine the kind."""
    summary: str = ""
    """What the card resolves to, in one line; "" where it is wrong."""
    error: str = ""
    """What is wrong, in one line with file, line and field; "" where nothing is."""


def check_cards(places: Sequence[Path], kind: CardKind | None = None, cards: Sequence[Path] = ()) -> list[CheckedCard]:
    """Check card files, and all cards of folders.

    A folder that is given is on the search path, and so is the card folder of a file in ``baselines``, ``datasets`` and so on:
    its cards may name each other. Whether weight files and data are on this machine is not checked.

    Args:
        places: Card files and card folders.
        kind: The kind of the cards whose folder does not determine it; None: by their fields.
        cards: Additional card folders.

    Returns:
        One result per card file, in the order of ``places``; a file that is named twice is checked once.

    Raises:
        InputError: A folder contains no cards, or one of ``cards`` is not a folder.
    """
    folders = [folder for place in places if (folder := _card_folder(place)) is not None]
    search = [*cards, *folders]
    known = {file.path.resolve(): file.kind for file in card_files(search_path(search))}
    files = {file.resolve(): file for place in places for file in _files(place)}
    return [_check_file(file, known, kind, search) for file in files.values()]


def _card_folder(place: Path) -> Path | None:
    """The card folder that ``place`` is or belongs to; None for a file elsewhere."""
    folder = (place if place.is_dir() else place.parent).resolve()
    for name in KIND_FOLDERS:
        steps = Path(name).parts
        if folder.parts[-len(steps) :] == steps:
            return folder.parents[len(steps) - 1]
    return folder if place.is_dir() else None


def _files(place: Path) -> list[Path]:
    folder = _card_folder(place)
    if folder is None or not place.is_dir():
        return [place]
    found = [file.path for file in card_files([folder]) if file.path.is_relative_to(place.resolve())]
    if not found:
        raise InputError(f"{place}: contains no cards (.yaml files, also in {', '.join(KIND_FOLDERS)})")
    return found


def _check_file(file: Path, known: Mapping[Path, CardKind | None], kind: CardKind | None, search: Sequence[Path]) -> CheckedCard:
    """``known``: the kind of each card file on the search path, by its folder."""
    by_folder = known.get(file.resolve())
    try:
        if file.suffix not in SUFFIXES:
            raise InputError(f"{file}: not a card file (.yaml or .yml)")
        card = load_card(str(file), kind, search)
        if file.resolve() in known:
            # By its name as well, which a second card on the search path may have.
            load_card(card.name, card.kind, search)
        summary = _check(card, search)
        base = extended_card(file)
    except InputError as error:
        return CheckedCard(file, file.stem, by_folder or kind, error=str(error))
    return CheckedCard(file, card.name, card.kind, summary=f"extends {base}: {summary}" if base else summary)


def _check(card: Card, search: Sequence[Path]) -> str:
    """What the card resolves to. Raises InputError where its options, or a card or metric that it names, is wrong."""
    if isinstance(card, DatasetCard):
        return _check_dataset(card, search)
    if isinstance(card, DegradationCard):
        return _check_degradation(card)
    if isinstance(card, MethodCard):
        return _check_method(card)
    if isinstance(card, ProtocolCard):
        return _check_protocol(card)
    if isinstance(card, ReportCard):
        return _check_report(card, search)
    if isinstance(card, StudyCard):
        return check_study_names(card, search)
    if isinstance(card, PublishedCard):
        return _check_published(card, search)
    raise TypeError(f"{type(card).__name__} is not a kind of card")


def _check_dataset(card: DatasetCard, search: Sequence[Path]) -> str:
    clips = f"{len(card.clips) or card.clip_count or 'any number of'} clips"
    if card.degradation is None:
        return f"{clips}, low resolution as it is"
    with _naming(card, "degradation"):
        load_degradation(card.degradation, search)
    return f"{clips}, degradation {card.degradation}"


def _check_degradation(card: DegradationCard) -> str:
    pipeline = load_pipeline(card)
    if not isinstance(pipeline, Degradation):
        return f"profile {card.profile}, salt {card.salt}"
    options = ", ".join(f"{name} {value}" for name, value in pipeline.options.model_dump().items())
    return f"{class_name(type(pipeline))}, x{card.scale}, options: {options or 'none'}, salt {card.salt}"


def _check_method(card: MethodCard) -> str:
    parse_options(card)
    weights = ", ".join(f"{role} {weight.file}" for role, weight in card.weights.items())
    return f"{card.restorer}, weights: {weights or 'none'}"


def _check_protocol(card: ProtocolCard) -> str:
    for short, full in card.metrics.items():
        with _naming(card, "metrics", short):
            describe(full)
    return f"{', '.join(card.metrics.values())} on {card.selection}"


def _check_published(card: PublishedCard, search: Sequence[Path]) -> str:
    """Its file is read when it is used: rows and metrics that it has not are found then."""
    if card.protocol:
        with _naming(card, "protocol"):
            load_protocol(card.protocol, search)
    for short, full in card.variants.items():
        with _naming(card, "variants", short):
            describe(full)
    return f"{Path(card.file).name}, {f'protocol {card.protocol}' if card.protocol else 'no protocol'}"


def _check_report(card: ReportCard, search: Sequence[Path]) -> str:
    for index, method in enumerate(card.methods):
        with _naming(card, "methods", index):
            load_method(method, search)
    if card.costs is not None:
        return f"costs of {len(card.methods)} methods at {', '.join(card.costs.sizes)}"
    with _naming(card, "protocol"):
        protocol = load_protocol(card.protocol, search)
    for index, entry in enumerate(card.datasets):
        with _naming(card, "datasets", index, "name"):
            dataset = load_dataset(entry.name, search)
        for place, metric in enumerate(entry.metrics):
            with _naming(card, "datasets", index, "metrics", place):
                _check_metric(protocol.resolve(metric), dataset)
    for name in card.table.digits:
        with _naming(card, "table", "digits", name):
            describe(protocol.resolve(name))
    for index, figure in enumerate(card.figures):
        for field, metric in _figure_metrics(figure):
            with _naming(card, "figures", index, field):
                describe(protocol.resolve(metric))
    datasets = ", ".join(entry.name for entry in card.datasets) or "no dataset"
    figures = f", {len(card.figures)} figures" if card.figures else ""
    return f"{len(card.methods)} methods on {datasets}, protocol {card.protocol}{figures}"


def check_study_names(card: StudyCard, search: Sequence[Path]) -> str:
    """What a study's card resolves to.

    Raises:
        InputError: A method, dataset or clip that it names does not exist, or its traps have no ground truth.
    """
    for index, method in enumerate(card.methods):
        with _naming(card, "methods", index):
            load_method(method, search)
    for index, name in enumerate(card.datasets):
        with _naming(card, "datasets", index):
            load_dataset(name, search)
    for field, clips in (("clips", card.clips), ("trap_clips", card.trap_clips)):
        for index, place in enumerate(clips):
            with _naming(card, field, index):
                _check_clip(place, search)
    if card.design.traps and not any(load_dataset(name, search).ground_truth for name in trap_datasets(card)):
        raise field_error(
            card,
            ("design", "traps"),
            f"traps show ground truth, and {', '.join(trap_datasets(card))} has none: name trap_clips of a set that has, or set "
            "traps: 0",
        )
    which = f"{len(card.clips)} clips" if card.clips else f"a spread of {card.spread} clips of {', '.join(card.datasets)}"
    each = card.design.pairs_each or "all"
    return (
        f"{len(card.methods)} methods in {len(card.pairs)} pairs on {which}, {len(card.questions)} questions, "
        f"{card.design.participants} participants of {each} pairs each"
    )


def trap_datasets(card: StudyCard) -> list[str]:
    """The datasets whose clips may be traps."""
    return list(dict.fromkeys(place.partition("/")[0] for place in card.trap_clips or card.clips)) or list(card.datasets)


def _check_clip(place: str, search: Sequence[Path]) -> None:
    """``dataset/clip``; of sets whose card does not name the clips, any name may be right."""
    dataset, _, clip = place.partition("/")
    names = [entry.name for entry in load_dataset(dataset, search).clips]
    if names and clip not in names:
        raise InputError(f"{dataset} has no clip {clip}; {did_you_mean(clip, names, f'there are: {first_of(names)}')}")


def _figure_metrics(figure: AnyFigure) -> Iterator[tuple[str, str]]:
    """The metrics of the catalogue that a figure names, with the field that names each."""
    if isinstance(figure, CostFigure) or (isinstance(figure, CropsFigure) and figure.metric not in PIXEL_METRICS):
        yield "metric", figure.metric
    if isinstance(figure, CropsFigure):
        yield from (("scores", name) for name in figure.scores)
    if isinstance(figure, RadarFigure | SweepFigure):
        yield from (("metrics", name) for name in figure.metrics)


def _check_metric(name: str, dataset: DatasetCard) -> None:
    if describe(name).needs_reference and not dataset.ground_truth:
        raise InputError(f"metric {name} needs ground truth, and {dataset.name} has none")


@contextmanager
def _naming(card: Card, *steps: str | int) -> Iterator[None]:
    """Add the file, the line and the field at ``steps`` to an error of the block."""
    try:
        yield
    except InputError as error:
        raise field_error(card, steps, str(error)) from None
