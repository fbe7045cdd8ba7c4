"""Collects what a report shows: scores from the store, frames from the workspace, and footnotes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from mgld_bench.cards.figures import VotesFigure
from mgld_bench.clips.digest import text_digest
from mgld_bench.clips.handling import sentences
from mgld_bench.clips.reading import open_clip
from mgld_bench.engine.keys import metric_sha256, not_pinned
from mgld_bench.engine.origins import RESTORED, Made, restored_origin, scoring_origin
from mgld_bench.engine.plan import Plan, Unit, restored_folder, restored_record
from mgld_bench.engine.progress import Progress, Silent, stage
from mgld_bench.engine.staged_units import bring_clip, bring_pair
from mgld_bench.engine.store import RecordedUnit, Store
from mgld_bench.engine.suite import Suite
from mgld_bench.errors import InputError, sentence
from mgld_bench.metrics.metric import MetricFacts
from mgld_bench.pairs.planning import PlannedPair, open_pair
from mgld_bench.pairs.stored import pairs_folder, read_side, recorded_content
from mgld_bench.report.collect.data import Cell, PictureSource, ReportData
from mgld_bench.scoring.notes import grouped_notes

NOT_SCORED: Final = "Not scored: "
"""How the note begins about what cannot run here."""


def collect(
    plan: Plan,
    workspace: Path,
    store: Store,
    command: str = "",
    with_pictures: bool = True,
    progress: Progress | None = None,
) -> ReportData:
    """Everything that a report shows.

    Args:
        plan: the units whose scores are shown; those without a score are gaps.
        workspace: where the frames for pictures are.
        store: where the scores are.
        command: recorded as that which asked for the report.
        with_pictures: open the frames, which a table does not need.
        progress: where to report progress; default: nowhere.

    Raises:
        InputError: a side file is damaged.
    """
    suite = plan.suite
    cells = _cells(plan, store)
    pictures, without = _pictures(plan, workspace, progress or Silent()) if with_pictures else ((), [])
    return ReportData(
        card=suite.report,
        protocol=suite.protocol,
        datasets=suite.datasets,
        methods=suite.every_method,
        metrics=_with_files(suite),
        cells=cells,
        pictures=pictures,
        runs=store.runs(made.run for cell in cells for made in cell.made.values()),
        command=command,
        footnotes=(*_footnotes(plan, store), *_inputs(plan, workspace), *_score_notes(cells), *without),
        figure_files=_figure_files(suite, workspace),
        instances=suite.instances,
    )


def _figure_files(suite: Suite, workspace: Path) -> dict[str, Path]:
    """The files of votes: where the card says, which is beside it, or in the workspace; else those of the study that it names."""
    found: dict[str, Path] = {}
    for figure in suite.report.figures:
        if isinstance(figure, VotesFigure):
            of_study = [workspace / "studies" / figure.study / "result" / "votes.csv"] if figure.study else []
            there = [path for path in (workspace / figure.votes, *of_study) if path.is_file()]
            found |= {figure.votes: there[0]} if there else {}
    return found


def _with_files(suite: Suite) -> dict[str, MetricFacts]:
    """The metrics, with the sha256 of every file that decides their numbers for those that can run here."""
    runnable = {name for metrics in suite.metrics.values() for name in metrics}
    return {
        name: replace(facts, files=metric_sha256(facts)) if name in runnable else facts
        for name, facts in suite.all_metrics.items()
    }


def _cells(plan: Plan, store: Store) -> tuple[Cell, ...]:
    units = plan.scores
    scores = store.scores(unit.key for unit in units if unit.key)
    made = _made(plan, store)
    by_cell: dict[tuple[str, str, str], list[Unit]] = {}
    for unit in units:
        by_cell.setdefault((unit.dataset, unit.method, unit.metric), []).append(unit)
    order = {(dataset, pair.clip): place for dataset, pairs in plan.pairs.items() for place, pair in enumerate(pairs)}
    cells = []
    for (dataset, method, metric), members in by_cell.items():
        members.sort(key=lambda unit: order.get((unit.dataset, unit.clip), 0))
        found = {unit.clip: scores[unit.key] for unit in members if unit.key in scores}
        never = len(found) < len(members) and method in plan.suite.unpublished
        reasons = [_reason(plan, unit) for unit in members if unit.clip not in found]
        clips = tuple(unit.clip for unit in members)
        origins = {unit.clip: made[unit.key] for unit in members if unit.clip in found}
        gap = plan.suite.unpublished[method] if never else "; ".join(dict.fromkeys(reasons))
        cells.append(Cell(dataset, method, metric, found, clips, gap, origins, never))
    return tuple(cells)


def _made(plan: Plan, store: Store) -> dict[str, Made]:
    """Where the scores that are there were made, by the keys of their units."""
    recorded = store.units(unit.key for unit in plan.units if unit.kind != "pair")
    runs = store.runs(unit.run for unit in recorded.values())
    restored = {(unit.dataset, unit.clip, unit.method): unit.key for unit in plan.units if unit.kind == "restore"}
    pairs = {(unit.dataset, unit.clip): unit.key for unit in plan.units if unit.kind == "pair"}
    made = {}
    for unit in plan.units:
        if unit.kind != "score" or unit.key not in recorded:
            continue
        score = recorded[unit.key]
        facts, finished_at = score.facts.get(RESTORED, {}), ""
        if not facts:
            # A score of version 0.1.0, which did not keep it: the unit of the restored clip has its run.
            clip = recorded.get(restored[unit.dataset, unit.clip, unit.method], score)
            facts, finished_at = {**runs[clip.run].provenance, **_device(clip)}, clip.finished_at
        made[unit.key] = Made(
            score.run,
            scoring_origin(runs[score.run].provenance),
            score.finished_at,
            restored_origin(facts),
            facts.get("finished_at", finished_at),
            unit.key,
            restored.get((unit.dataset, unit.clip, unit.method), ""),
            pairs.get((unit.dataset, unit.clip), ""),
        )
    return made


def _device(clip: RecordedUnit) -> dict[str, str]:
    """The device of a restored clip, where its unit recorded it."""
    return {"device": clip.facts["device"]} if clip.facts.get("device") else {}


def _reason(plan: Plan, unit: Unit) -> str:
    """Why a score is missing."""
    if unit.key:
        return "not scored yet"
    if unit.dataset not in plan.pairs:
        return "the dataset is not prepared here"
    place = f"{unit.dataset} {unit.clip}: "
    mine = [obstacle.reason for obstacle in plan.obstacles if obstacle.name == unit.method and obstacle.reason.startswith(place)]
    return _short(mine[0]) if mine else "cannot run here"


def _pictures(plan: Plan, workspace: Path, progress: Progress) -> tuple[tuple[PictureSource, ...], list[str]]:
    """The frames on disk, except those that were made with different options than the plan's; and why some are missing."""
    wanted = {(unit.dataset, unit.method, unit.clip): unit.key for unit in plan.units if unit.kind == "restore"}
    built = [(planned, place) for planned in plan.pairs.values() for place in planned if place.built]
    sources, notes = [], []
    with stage(progress, "read", len(built), "clips"):
        for planned, place in built:
            try:
                source = _picture(planned, place, plan.suite, wanted, workspace)
            except InputError as error:
                notes.append(f"No pictures of {place.dataset} {place.clip}: {error}.")
            else:
                sources += [source] if source.restored else []
            progress.advance(1)
    return tuple(sources), notes


def _picture(
    planned: Sequence[PlannedPair],
    place: PlannedPair,
    suite: Suite,
    wanted: Mapping[tuple[str, str, str], str],
    workspace: Path,
) -> PictureSource:
    bring_pair(workspace, place)
    pair = open_pair(planned, place.clip, workspace)
    restored, records = {}, {}
    digests = {"LR": recorded_content(pair.side, "LQ"), "GT": recorded_content(pair.side, "GT")}
    for method in suite.every_method:
        key = wanted.get((place.dataset, method, place.clip))
        record = restored_record(workspace, place.dataset, method, place.clip)
        if key and record is not None and record.key == key:
            bring_clip(workspace, restored_folder(workspace, place.dataset, method), place.clip)
            restored[method] = open_clip(restored_folder(workspace, place.dataset, method) / place.clip, place.clip)
            records[method] = record
            digests[method] = text_digest(record.sha256)
    return PictureSource(place.dataset, place.clip, pair.low_resolution, pair.ground_truth, restored, records, digests)


def _footnotes(plan: Plan, store: Store) -> tuple[str, ...]:
    """What cannot run here, notes of methods and datasets, and how the pairs were made."""
    notes = [f"{remark[0].upper()}{remark[1:]}." for remark in plan.remarks]
    # What was never published is a footnote of its cells.
    notes += [f"{NOT_SCORED}{one.kind} {one.name}: {_short(one.reason)}." for one in plan.obstacles if not one.unpublished]
    notes += [f"{card.heading}: {card.notes}" for card in plan.suite.every_method.values() if card.notes]
    notes += [f"{card.heading}: {card.notes}" for card in plan.suite.datasets.values() if card.notes]
    made = [(name, card) for name, card in plan.suite.degradations.items() if card is not None and name in plan.pairs]
    notes += [f"LR of {plan.suite.datasets[name].heading} is made by {card.name}. {card.notes}".strip() for name, card in made]
    restored = [unit for unit in plan.units if unit.kind == "restore"]
    recorded = store.units(unit.key for unit in restored)
    for unit in restored:
        kept = recorded[unit.key].facts.get("notes", {}) if unit.key in recorded else {}
        notes += [f"{unit.method} on {unit.dataset}: {name}: {value}." for name, value in kept.items()]
    used = {unit.method for unit in restored if unit.key in recorded}
    for method, card in plan.suite.every_method.items():
        if method in used:
            notes += [f"{card.heading}: weight file {file}: {words}." for file, words in not_pinned(card).items()]
    return tuple(dict.fromkeys(notes))


def _inputs(plan: Plan, workspace: Path) -> list[str]:
    """Per dataset, what was done to the samples of its clips: lossy compression, rotation, assumed colours."""
    notes = []
    for dataset, planned in plan.pairs.items():
        folders = {pair.clip: pairs_folder(workspace, dataset, pair.degradation_name) for pair in planned}
        built = [read for clip, folder in folders.items() if (read := read_side(folder, clip)) is not None]
        title = plan.suite.datasets[dataset].heading
        # The LR clips that are built of ground truth are recorded with what was done to that.
        existing = any(pair.degradation is None for pair in planned)
        for what, side in (("ground truth", "GT"), ("LR", "LQ")):
            records = [pair[side] for pair in built if side in pair and (side == "GT" or existing)]
            lossy = sum(bool(record["lossy"]) for record in records)
            if lossy:
                notes.append(f"{title}: the {what} of {lossy} of {len(built)} clips was stored with lossy compression.")
            done = Counter(line for record in records for line in sentences(record.get("conversion", {}), lossy=False))
            notes += [f"{title}: {what} of {count} of {len(built)} clips: {line}." for line, count in done.items()]
    return notes


def _score_notes(cells: Sequence[Cell]) -> list[str]:
    """The notes of scores, such as that a clip may not be aligned with its ground truth; each once."""
    return [
        sentence(f"{place}: {note}")
        for place, note in grouped_notes(
            (f"{cell.dataset}, {cell.method}", clip, note)
            for cell in cells
            for clip, score in cell.scores.items()
            for note in score.notes
        )
    ]


def _short(reason: str) -> str:
    """A reason without its remedy, which does not concern the readers of a table."""
    return re.split(r"; | \(looked for|: there are|, did you mean", reason)[0].rstrip(".")
