"""What a report shows of folders that `score` has scored: methods are folders, the dataset is the ground truth's folder.

There are no cards. What only a card knows is unknown: licences, weights, training data, how LR was made. The scores are found by
the content of the clips, as `score` finds them: a folder whose frames have changed since has no scores.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cards.schemas import DatasetCard, Layout, MethodCard, ProtocolCard, ReportCard, ReportDataset
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.naming import given_name
from mgld_bench.engine.clip_choice import ClipChoice, resized_choice
from mgld_bench.engine.kept_scores import clip_content, folder_score_key
from mgld_bench.engine.keys import metric_sha256, pinned_sha256
from mgld_bench.engine.origins import Made, restored_origin, scoring_origin
from mgld_bench.engine.progress import Progress, stage
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError, sentence
from mgld_bench.metrics.catalogue import describe
from mgld_bench.metrics.metric import ClipScore, MetricFacts
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.report.file_names import card_names
from mgld_bench.scoring.notes import grouped_notes
from mgld_bench.scoring.score_pass import FrameChoice

_GENERIC = ("gt", "hr", "hq", "groundtruth", "ground_truth", "ground-truth")
"""Folder names that say nothing about a set: that of the folder above is put before them."""
_UNKNOWN_METHOD = "A folder without a card: its licence, weights, parameters and training data are not known."
_UNKNOWN_DATASET = "A folder without a card: its licence, its origin, and how its LR was made are not known."


@dataclass(frozen=True)
class KeptRequest:
    """How the clips were scored, as `score` was asked."""

    protocol: ProtocolCard
    frames: FrameChoice
    shift: tuple[float, float] = (0.0, 0.0)
    metrics: tuple[str, ...] = ()
    """Only these, by full name; "all that have been scored" where it is empty."""


def collect_kept(
    choice: ClipChoice,
    ground_truth: Path | None,
    request: KeptRequest,
    store: Store,
    progress: Progress,
    command: str = "",
    low_resolution: Mapping[str, Clip] | None = None,
) -> ReportData:
    """Everything that a report shows of clips that belong to no dataset.

    Args:
        choice: the clips of every method, with their ground truth.
        ground_truth: where that is; its folder gives the dataset's name.
        request: how they were scored.
        store: where their scores were kept.
        progress: where to report progress.
        command: recorded as that which asked for the report.
        low_resolution: the LR clips by name, for pictures.

    Raises:
        InputError: a clip cannot be read, or none of them has a score.
    """
    facts, without = _metrics(request, store)
    keys = _keys(choice, request, facts, progress)
    scores = store.scores(keys.values())
    shown = [name for name in facts if request.metrics or any(keys[place] in scores for place in keys if place[2] == name)]
    if not scores:
        raise InputError(
            f"none of these clips has a score in {store.address} with this ground truth, these frames and this shift; "
            "score them first: mgld-bench score"
        )
    dataset = _dataset(ground_truth, choice)
    methods = _methods(choice)
    made = _made(store, keys, scores)
    cells = [
        _cell(choice, dataset.name, name, card.name, metric, keys, scores, made)
        for metric in shown
        for name, card in zip(choice.methods, methods, strict=True)
    ]
    protocol = request.protocol.model_copy(update={"frames": request.frames})
    return ReportData(
        card=ReportCard(
            name=dataset.name,
            title=f"Scores of {dataset.heading}",
            protocol=protocol.name,
            datasets=(ReportDataset(name=dataset.name, metrics=tuple(shown)),),
            methods=tuple(card.name for card in methods),
        ),
        protocol=protocol,
        datasets={dataset.name: dataset},
        methods={card.name: card for card in methods},
        metrics={name: facts[name] for name in shown},
        cells=tuple(cells),
        pictures=_pictures(choice, dataset.name, methods, low_resolution or {}),
        runs=store.runs(one.run for one in made.values()),
        command=command,
        footnotes=(*_notes(choice, dataset, request), *without, *_score_notes(cells)),
    )


def _metrics(request: KeptRequest, store: Store) -> tuple[dict[str, MetricFacts], list[str]]:
    """The metrics that may have scores, in the protocol's order; and those of which it cannot be found out, in words."""
    held = sorted({metric for dataset, _, _, metric in store.scored() if not dataset})
    ordered = [name for name in request.protocol.metrics.values() if name in held]
    facts, without = {}, []
    for name in request.metrics or dict.fromkeys((*ordered, *held)):
        try:
            facts[name] = describe(name)
        except InputError as error:
            without.append(sentence(f"Scores of {name} are not looked for: {error}"))
    return facts, without


def _keys(
    choice: ClipChoice, request: KeptRequest, facts: Mapping[str, MetricFacts], progress: Progress
) -> dict[tuple[str, str, str], str]:
    """The keys of all scores that there may be, by method, clip and metric."""
    files = {name: _files(metric) for name, metric in facts.items()}
    keys = {}
    with stage(progress, "read", sum(len(clip.restored) for clip in choice.clips), "clips"):
        for clip in resized_choice(choice, request.protocol.short_side).clips:
            reference = None if clip.reference is None else clip_content(clip.reference)
            for method, restored in clip.restored.items():
                content = clip_content(restored)
                for name, metric in facts.items():
                    of_metric = files[name]
                    if of_metric is not None:
                        key = folder_score_key(content, reference, metric, of_metric, request.frames, request.shift)
                        keys[method, clip.name, name] = key
                progress.advance(1)
    return keys


def _files(metric: MetricFacts) -> Mapping[str, str] | None:
    """The digests of a metric's files: of those that are here, or that it pins."""
    try:
        return metric_sha256(metric)
    except InputError:
        return pinned_sha256(metric)


def _made(
    store: Store, keys: Mapping[tuple[str, str, str], str], scores: Mapping[str, ClipScore]
) -> dict[tuple[str, str, str], Made]:
    recorded = store.units(scores)
    runs = store.runs(unit.run for unit in recorded.values())
    return {
        place: Made(
            recorded[key].run,
            scoring_origin(runs[recorded[key].run].provenance),
            recorded[key].finished_at,
            restored_origin({}),
            "",
            key,
        )
        for place, key in keys.items()
        if key in recorded
    }


def _cell(
    choice: ClipChoice,
    dataset: str,
    method: str,
    card: str,
    metric: str,
    keys: Mapping[tuple[str, str, str], str],
    scores: Mapping[str, ClipScore],
    made: Mapping[tuple[str, str, str], Made],
) -> Cell:
    found = {clip: scores[key] for clip in choice.names if (key := keys.get((method, clip, metric), "")) in scores}
    origins = {clip: made[method, clip, metric] for clip in found}
    gap = "" if len(found) == len(choice.names) else "not scored, or not with these frames and this shift"
    return Cell(dataset, card, metric, found, choice.names, gap, origins)


def _dataset(ground_truth: Path | None, choice: ClipChoice) -> DatasetCard:
    title = "Clips" if ground_truth is None else _title(ground_truth)
    return DatasetCard(
        name=card_names([title])[0],
        title=title,
        ground_truth=ground_truth is not None,
        clip_count=len(choice.names),
        layouts=(Layout(name="given"),),
        notes=_UNKNOWN_DATASET,
    )


def _title(folder: Path) -> str:
    name, above = given_name(folder), folder.absolute().parent.name
    return f"{above}/{name}" if name.casefold() in _GENERIC and above else name


def _methods(choice: ClipChoice) -> list[MethodCard]:
    names = card_names(choice.methods)
    return [
        MethodCard(name=name, title=title, restorer="mgld_bench.methods.results:FinishedResults", notes=_UNKNOWN_METHOD)
        for name, title in zip(names, choice.methods, strict=True)
    ]


def _pictures(
    choice: ClipChoice, dataset: str, methods: Sequence[MethodCard], low_resolution: Mapping[str, Clip]
) -> tuple[PictureSource, ...]:
    names = dict(zip(choice.methods, (card.name for card in methods), strict=True))
    return tuple(
        PictureSource(
            dataset,
            clip.name,
            low_resolution[clip.name],
            clip.reference,
            {names[method]: restored for method, restored in clip.restored.items()},
        )
        for clip in choice.clips
        if clip.name in low_resolution
    )


def _notes(choice: ClipChoice, dataset: DatasetCard, request: KeptRequest) -> list[str]:
    folders = [dataset.heading, *choice.methods] if dataset.ground_truth else list(choice.methods)
    notes = [
        f"{', '.join(folders)}: folders without cards: their licences, their weights and training data, how LR was made, and "
        "where clips were restored are not known."
    ]
    if any(request.shift):
        down, right = request.shift
        notes.append(f"Restored frames are shifted by {down:g} rows down and {right:g} columns right; accepted, not corrected.")
    return [*notes, *(f"{problem}." for problem in choice.problems)]


def _score_notes(cells: Sequence[Cell]) -> list[str]:
    found = grouped_notes(
        (cell.method, clip, note) for cell in cells for clip, score in cell.scores.items() for note in score.notes
    )
    return [sentence(f"{place}: {note}") for place, note in found]
