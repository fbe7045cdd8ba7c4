"""What a study shows, as it is in a workspace: pairs, and the restored clips of every method under the keys of today's plan."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.cards.loader import list_cards, load_report
from mgld_bench.clips.clip import Clip
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.verified import VerifiedClip
from mgld_bench.engine.plan import Plan, restored_folder, restored_record
from mgld_bench.engine.session import Session
from mgld_bench.errors import InputError, first_of
from mgld_bench.pairs.planning import open_pair
from mgld_bench.pairs.stored import recorded_content
from mgld_bench.study.card import StudyCard

ClipKey = tuple[str, str]
"""Dataset and clip."""
_DIFFICULTY: Final = ("lpips", "dists", "psnr", "ssim", "niqe", "brisque")
"""Metrics by which a clip is difficult; the first that all methods have on all clips is taken."""
_SMALLEST_REPORT: Final = "demo"


@dataclass(frozen=True)
class StudySource:
    """One clip."""

    dataset: str
    clip: str
    low_resolution: Clip
    ground_truth: Clip | None
    restored: Mapping[str, Clip]
    """By method; empty for a clip that only traps show."""
    digests: Mapping[str, str]
    """Of the frames as they are recorded, by method, and as LR and GT; "" where a record lacks it."""

    @property
    def key(self) -> ClipKey:
        """Dataset and name."""
        return self.dataset, self.clip

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the whole restored frame."""
        full = next(iter(self.restored.values()), self.ground_truth)
        if full is None:
            raise InputError(f"{self.dataset} {self.clip}: there is no ground truth for traps")
        return full.width, full.height


@dataclass(frozen=True)
class Found:
    """The clips that the workspace has."""

    sources: tuple[StudySource, ...]
    """Those with every method; of a card that names its clips, these, in its order."""
    traps: tuple[StudySource, ...]
    """With ground truth."""
    difficulty: Mapping[ClipKey, float]
    """By clip, the mean score of the methods, larger where the clip is harder; empty where no metric has all scores."""
    metric: str
    """Of which metric; "" where there is none."""
    remarks: tuple[str, ...]
    """What the user should know, one line each."""


@dataclass(frozen=True)
class Place:
    """Where a study is made from."""

    workspace: Path
    store: str = ""
    cards: tuple[Path, ...] = ()


def find_sources(card: StudyCard, place: Place) -> Found:
    """Open what the card asks for.

    Raises:
        InputError: A dataset is not prepared, or restored clips are missing; the line names the command that makes them.
    """
    named = dict.fromkeys(tuple(clip.split("/", 1)) for clip in card.clips)
    datasets = list(dict.fromkeys(dataset for dataset, _ in named)) or list(card.datasets)
    report = _report(card.name, datasets, place)
    with Session.open(
        report,
        workspace=place.workspace,
        datasets=datasets,
        methods=card.methods,
        metrics=_DIFFICULTY,
        cards=place.cards,
        store=place.store,
        read_only=True,
        as_made=True,
        clips=list(dict.fromkeys(clip for _, clip in named)),
    ) as session:
        plan = session.plan()
        _require_pairs(plan, datasets)
        wanted: list[ClipKey] = [(dataset, clip) for dataset, clip in named] or _every_clip(plan)
        missing = _missing(card, plan, place.workspace, wanted)
        whole = [clip for clip in wanted if not any(clip == (dataset, name) for dataset, name, _ in missing)]
        remarks = list(plan.remarks)
        if missing and (named or len(whole) < (card.spread or 0)):
            raise InputError(_how_to_make(card, report, missing, len(wanted), place))
        if missing:
            remarks.append(
                f"{len(wanted) - len(whole)} of {len(wanted)} clips are not chosen from: not every method restored them"
            )
        sources = tuple(_open(plan, clip, card.methods, place.workspace) for clip in whole)
        metric, difficulty = _difficulty(session, card.methods, whole)
    return Found(sources, _traps(card, sources, place), difficulty, metric, tuple(remarks))


def _report(study: str, datasets: Sequence[str], place: Place) -> str:
    """The report whose units these are: the one of the study's name, else the one with the fewest metrics on these datasets."""
    usable = {}
    for entry in list_cards("report", place.cards):
        try:
            card = load_report(entry.name, place.cards)
        except InputError:
            # Of somebody's report that is wrong, `run` and `list reports` inform.
            continue
        metrics = {dataset.name: dataset.metrics for dataset in card.datasets}
        if card.costs is None and card.protocol and set(datasets) <= set(metrics):
            usable[card.name] = sum(len(metrics[name]) for name in datasets)
    return min(usable, key=lambda name: (name != study, usable[name], name), default=_SMALLEST_REPORT)


def _require_pairs(plan: Plan, datasets: Sequence[str]) -> None:
    for dataset in datasets:
        if dataset not in plan.pairs:
            reasons = [one.reason for one in plan.obstacles if (one.kind, one.name) == ("dataset", dataset)]
            raise InputError("; ".join(reasons) or f"dataset {dataset} is not prepared")


def _every_clip(plan: Plan) -> list[ClipKey]:
    return [(dataset, pair.clip) for dataset, planned in plan.pairs.items() for pair in planned]


def _missing(card: StudyCard, plan: Plan, workspace: Path, wanted: Sequence[ClipKey]) -> list[tuple[str, str, str]]:
    """Dataset, clip and method of every restored clip that is not there as the plan would have it."""
    keys = {(unit.dataset, unit.clip, unit.method): unit.key for unit in plan.units if unit.kind == "restore"}
    missing = []
    for dataset, clip in wanted:
        for method in card.methods:
            record = restored_record(workspace, dataset, method, clip)
            key = keys.get((dataset, clip, method))
            there = record is not None and record.key == key and (restored_folder(workspace, dataset, method) / clip).is_dir()
            if not there:
                missing.append((dataset, clip, method))
    return missing


def _how_to_make(card: StudyCard, report: str, missing: Sequence[tuple[str, str, str]], clips: int, place: Place) -> str:
    datasets = ",".join(dict.fromkeys(dataset for dataset, _, _ in missing))
    methods = ",".join(dict.fromkeys(method for _, _, method in missing))
    command = ["mgld-bench", "run", report, "--datasets", datasets, "--methods", methods]
    if place.workspace != Path("workspace"):
        command += ["--workspace", str(place.workspace)]
    for folder in place.cards:
        command += ["--cards", str(folder)]
    listed = first_of([f"{dataset} {clip} by {method}" for dataset, clip, method in missing], 3)
    return (
        f"study {card.name}: {len(missing)} of {clips * len(card.methods)} restored clips are not in {place.workspace}, or were "
        f"made differently: {listed}; run: {shlex.join(command)}"
    )


def _open(plan: Plan, clip: ClipKey, methods: Sequence[str], workspace: Path) -> StudySource:
    dataset, name = clip
    pair = open_pair(plan.pairs[dataset], name, workspace)
    restored, digests = {}, {"LR": recorded_content(pair.side, "LQ"), "GT": recorded_content(pair.side, "GT")}
    for method in methods:
        record = restored_record(workspace, dataset, method, name)
        if record is None:
            raise InputError(f"{dataset} {name} by {method}: was removed in the meantime; run the same command again")
        frames = open_clip(restored_folder(workspace, dataset, method) / name, name)
        restored[method] = VerifiedClip(frames, record.sha256, f"remove {frames.path} and restore it again")
        digests[method] = text_digest(record.sha256)
    source = StudySource(dataset, name, pair.low_resolution, pair.ground_truth, restored, digests)
    _require_same(source)
    return source


def _require_same(source: StudySource) -> None:
    """Raise InputError where sides differ in the number of frames or in size: that would give them away, or show other things."""
    width, height = source.size
    sides = {**source.restored, **({"ground truth": source.ground_truth} if source.ground_truth is not None else {})}
    for side, clip in {**sides, "LR": source.low_resolution}.items():
        if clip.frame_count != source.low_resolution.frame_count:
            raise InputError(
                f"{source.dataset} {source.clip}: {side} has {clip.frame_count} frames, LR {source.low_resolution.frame_count}; "
                "all must have the same number"
            )
        if side != "LR" and (clip.width, clip.height) != (width, height):
            raise InputError(
                f"{source.dataset} {source.clip}: {side} is {clip.width}x{clip.height}, others are {width}x{height}; all must "
                "have the same size"
            )


def _difficulty(session: Session, methods: Sequence[str], clips: Sequence[ClipKey]) -> tuple[str, dict[ClipKey, float]]:
    """The first metric that scored all methods on all clips, and how difficult each clip is by it."""
    found: dict[str, dict[ClipKey, dict[str, float]]] = {}
    for unit, score in session.scores():
        found.setdefault(unit.metric, {}).setdefault((unit.dataset, unit.clip), {})[unit.method] = score.value
    for short in _DIFFICULTY:
        metric = session.suite.protocol.resolve(short)
        by_clip = found.get(metric, {})
        if clips and all(set(by_clip.get(clip, {})) == set(methods) for clip in clips):
            harder = -1.0 if session.suite.all_metrics[metric].direction == "higher" else 1.0
            return metric, {clip: harder * sum(by_clip[clip].values()) / len(methods) for clip in clips}
    return "", {}


def _traps(card: StudyCard, sources: Sequence[StudySource], place: Place) -> tuple[StudySource, ...]:
    """The clips of the traps: those that the card names, else those of the study that have ground truth."""
    if not card.design.traps:
        return ()
    if not card.trap_clips:
        return tuple(source for source in sources if source.ground_truth is not None)
    named = [(dataset, clip) for dataset, _, clip in (text.partition("/") for text in card.trap_clips)]
    datasets = list(dict.fromkeys(dataset for dataset, _ in named))
    with Session.open(
        _report(card.name, datasets, place),
        workspace=place.workspace,
        datasets=datasets,
        methods=card.methods[:1],
        cards=place.cards,
        store=place.store,
        read_only=True,
        clips=[clip for _, clip in named],
    ) as session:
        plan = session.plan()
        _require_pairs(plan, datasets)
        for dataset, clip in named:
            if not any(pair.clip == clip and pair.built for pair in plan.pairs[dataset]):
                raise InputError(
                    f"study {card.name}: trap_clips: the pair of {dataset} {clip} is not in {place.workspace}; run: mgld-bench "
                    f"datasets prepare {dataset} --workspace {shlex.quote(str(place.workspace))}"
                )
        traps = tuple(_open(plan, clip, (), place.workspace) for clip in named)
    for trap in traps:
        if trap.ground_truth is None:
            raise InputError(f"study {card.name}: trap_clips: {trap.dataset} {trap.clip} has no ground truth")
    return traps
