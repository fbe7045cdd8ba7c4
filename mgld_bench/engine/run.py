"""The local executor: builds pairs, restores, scores, and keeps every finished unit at once."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.reading import open_clip
from mgld_bench.engine.lock import sole_writer
from mgld_bench.engine.plan import Plan, Unit, restored_folder
from mgld_bench.engine.progress import Progress, steps
from mgld_bench.engine.provenance import provenance
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.methods.loading import load_restorer
from mgld_bench.methods.restorer import Compute
from mgld_bench.methods.running import restore_clip
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import ClipScore, Metric
from mgld_bench.metrics.scoring import score_clip
from mgld_bench.pairs.planning import PlannedPair
from mgld_bench.pairs.prepare import open_pair, prepare_pairs


@dataclass(frozen=True)
class Machinery:
    """What a run works with."""

    workspace: Path
    store: Store
    compute: Compute
    workers: int
    """Processes that build pairs."""
    progress: Progress


def execute(plan: Plan, command: Sequence[str], machinery: Machinery) -> None:
    """Do every unit of the plan that is not done, and note each in the store as soon as it is finished."""
    with sole_writer(machinery.workspace):
        run = machinery.store.begin_run(plan.suite.report.name, provenance(command, machinery.compute))
        _build_pairs(plan, run, machinery)
        _restore(plan, run, machinery)
        _score(plan, run, machinery)


def build_pairs(
    planned: Sequence[PlannedPair], workspace: Path, workers: int, progress: Progress
) -> Iterator[tuple[PlannedPair, float]]:
    """Build these pairs; yields each as soon as it is on disk, with the seconds since the one before."""
    progress.start("pairs", sum(pair.frames for pair in planned))
    began = time.monotonic()
    for pair in prepare_pairs(planned, workspace, workers):
        now = time.monotonic()
        progress.unit(f"{pair.dataset} {pair.clip}")
        progress.advance(pair.frames)
        yield pair, now - began
        began = now
    progress.stop()


def _build_pairs(plan: Plan, run: int, machinery: Machinery) -> None:
    wanted = {unit.key for unit in plan.todo("pair")}
    chosen = [pair for planned in plan.pairs.values() for pair in planned if pair.key in wanted]
    for pair, seconds in build_pairs(chosen, machinery.workspace, machinery.workers, machinery.progress):
        facts = {"degradation": pair.degradation_name}
        unit = FinishedUnit(pair.key, "pair", pair.dataset, pair.clip, frames=pair.frames, seconds=seconds, facts=facts)
        machinery.store.add(run, [(unit, None)])


def _restore(plan: Plan, run: int, machinery: Machinery) -> None:
    todo = plan.todo("restore")
    machinery.progress.start("restore", sum(unit.frames for unit in todo))
    for method, card in plan.suite.methods.items():
        mine = [unit for unit in todo if unit.method == method]
        if not mine:
            continue
        restorer = load_restorer(card, machinery.compute)
        for unit in mine:
            machinery.progress.unit(f"{method} {unit.dataset} {unit.clip}")
            pair = open_pair(plan.pairs[unit.dataset], unit.clip, machinery.workspace)
            facts = {"method": card.model_dump(mode="json"), "dataset": unit.dataset, "pair": pair.key}
            record = restore_clip(
                restorer.for_dataset(unit.dataset),
                pair.low_resolution,
                restored_folder(machinery.workspace, unit.dataset, method),
                unit.key,
                facts,
                steps(machinery.progress),
            )
            seconds = record.seconds_per_frame * unit.frames
            kept = {"peak_memory": record.peak_memory, "device": machinery.compute.device, "notes": dict(record.notes)}
            finished = FinishedUnit(
                unit.key, "restore", unit.dataset, unit.clip, method, frames=unit.frames, seconds=seconds, facts=kept
            )
            machinery.store.add(run, [(finished, None)])
    machinery.progress.stop()


def _score(plan: Plan, run: int, machinery: Machinery) -> None:
    """One pass per clip, for all methods and metrics that are not scored yet."""
    todo = plan.todo("score")
    places = list(dict.fromkeys((unit.dataset, unit.clip) for unit in todo))
    frames = {(unit.dataset, unit.clip): unit.frames for unit in todo}
    loaded = {name: load_metric(name, machinery.compute.device) for name in dict.fromkeys(unit.metric for unit in todo)}
    machinery.progress.start("score", sum(frames[place] for place in places))
    for dataset, clip in places:
        machinery.progress.unit(f"{dataset} {clip}")
        units = [unit for unit in todo if (unit.dataset, unit.clip) == (dataset, clip)]
        scored = _score_place(plan, units, loaded, machinery)
        machinery.store.add(run, scored)
    machinery.progress.stop()


def _score_place(
    plan: Plan, units: Sequence[Unit], metrics: Mapping[str, Metric], machinery: Machinery
) -> list[tuple[FinishedUnit, ClipScore | None]]:
    dataset, clip = units[0].dataset, units[0].clip
    pair = open_pair(plan.pairs[dataset], clip, machinery.workspace)
    methods = list(dict.fromkeys(unit.method for unit in units))
    restored: dict[str, Clip] = {
        method: open_clip(restored_folder(machinery.workspace, dataset, method) / clip, clip) for method in methods
    }
    wanted = {method: [metrics[unit.metric] for unit in units if unit.method == method] for method in methods}
    began = time.monotonic()
    scores = score_clip(
        pair.ground_truth,
        restored,
        wanted,
        plan.suite.protocol.frames,
        progress=steps(machinery.progress),
        shifts={method: _declared_shift(plan, dataset, method) for method in methods},
    )
    share = (time.monotonic() - began) / len(units)
    finished: list[tuple[FinishedUnit, ClipScore | None]] = []
    for unit in units:
        protocol = plan.suite.protocol.name
        done = FinishedUnit(unit.key, "score", dataset, clip, unit.method, unit.metric, protocol, unit.frames, share)
        finished.append((done, scores[unit.method][unit.metric]))
    return finished


def _declared_shift(plan: Plan, dataset: str, method: str) -> tuple[float, float]:
    of_dataset, of_method = plan.suite.datasets[dataset].shift, plan.suite.methods[method].shift
    return of_dataset[0] + of_method[0], of_dataset[1] + of_method[1]
