"""The local executor: builds pairs, restores, scores, and stores every unit as soon as it is finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.opencv import installed_opencv
from mgld_bench.engine.keys import method_facts, metric_facts, restore_key
from mgld_bench.engine.machine import provenance
from mgld_bench.engine.origins import FRAMES, MADE_OF, RESTORED, RESTORED_KEY, restored_facts
from mgld_bench.engine.plan import Plan, Unit, restored_folder
from mgld_bench.engine.progress import Progress, resumed_steps, stage, steps
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.errors import BROKEN, InputError, contained
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import ClipScore, Metric
from mgld_bench.pairs.planning import PlannedPair, open_pair
from mgld_bench.pairs.prepare import prepare_pairs
from mgld_bench.restoring.loading import load_restorer
from mgld_bench.restoring.record import open_restored, read_record, record_path
from mgld_bench.restoring.running import restore_clip
from mgld_bench.restoring.way import way_here
from mgld_bench.scoring.score_pass import score_clip


@dataclass(frozen=True)
class RunContext:
    """The settings and resources of one run."""

    workspace: Path
    store: Store
    compute: Compute
    workers: int
    """Number of processes that build pairs."""
    progress: Progress


def execute(plan: Plan, command: Sequence[str], context: RunContext) -> list[str]:
    """Do every unit of the plan that is not done, and store each as soon as it is finished.

    What fails does not hold up the rest: it is reported at once, and again at the end. A run that finds nothing to do leaves no
    trace.

    Args:
        plan: what to do.
        command: recorded as that which started the run.
        context: where and how.

    Returns:
        One line for everything that failed.

    Raises:
        CheckError: pairs have to be built, and the encoders here are not the pinned ones.
    """
    if all(unit.done for unit in plan.units):
        return []
    failures = _Failures(context.progress)
    facts = provenance(command, context.compute)
    if facts["opencv"]["problem"]:
        context.progress.log(f"warning: {facts['opencv']['problem']}; {installed_opencv().fix}")
    with sole_writer(context.workspace):
        run = context.store.begin_run(plan.suite.report.name, facts)
        _note_built(plan, run, context)
        _build_pairs(plan, run, context, failures)
        _restore(plan, run, context, failures)
        _score(plan, run, context, failures)
    return failures.lines


class _Failures:
    """What could not be done, reported at once and once more at the end."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.lines: list[str] = []
        self._unbuilt: set[tuple[str, str]] = set()
        self._unrestored: set[tuple[str, str, str]] = set()

    def add(self, stage: str, units: Sequence[Unit], error: InputError) -> None:
        """Report the failure of these units, which are of one dataset and clip."""
        methods = ", ".join(dict.fromkeys(unit.method for unit in units if unit.method))
        self._report(" ".join(part for part in (stage, units[0].dataset, units[0].clip, methods) if part), error)
        if stage == "pair":
            self._unbuilt |= {(unit.dataset, unit.clip) for unit in units}
        if stage == "restore":
            self._unrestored |= {(unit.dataset, unit.clip, unit.method) for unit in units}

    def add_method(self, method: str, units: Sequence[Unit], error: InputError) -> None:
        """Report a method that cannot be loaded, and so restores none of these units."""
        self._report(f"method {method}", error)
        self._unrestored |= {(unit.dataset, unit.clip, unit.method) for unit in units}

    def add_metric(self, metric: str, error: InputError) -> None:
        """Report a metric that cannot be loaded."""
        self._report(f"metric {metric}", error)

    def prevents(self, unit: Unit) -> bool:
        """Whether the pair or the restored clip that this unit needs could not be made."""
        return (unit.dataset, unit.clip) in self._unbuilt or (unit.dataset, unit.clip, unit.method) in self._unrestored

    def _report(self, what: str, error: InputError) -> None:
        line = f"{what}: {error}"
        if line not in self.lines:
            self.lines.append(line)
            self._progress.log(f"FAILED {line}")


def build_pairs(
    planned: Sequence[PlannedPair],
    workspace: Path,
    workers: int,
    progress: Progress,
    force: bool = False,
    failed: Callable[[PlannedPair, InputError], None] | None = None,
) -> Iterator[tuple[PlannedPair, float]]:
    """Build pairs.

    Args:
        planned: the pairs to build.
        workspace: where to write them.
        workers: number of processes.
        progress: where to report progress.
        force: build even where the encoders here do not produce the expected bytes.
        failed: see prepare_pairs().

    Yields:
        Each pair as soon as it is on disk, with the seconds since the previous one.
    """
    with stage(progress, "pairs", sum(pair.frames for pair in planned)):
        began = time.monotonic()
        for pair in prepare_pairs(planned, workspace, workers, force, failed):
            now = time.monotonic()
            progress.unit(f"{pair.dataset} {pair.clip}")
            progress.advance(pair.frames)
            yield pair, now - began
            began = now


def _note_built(plan: Plan, run: int, context: RunContext) -> None:
    """Note in the store the pairs that were built by a different command or on a different machine."""
    known = context.store.finished(unit.key for unit in plan.units if unit.kind == "pair")
    for pair in (pair for planned in plan.pairs.values() for pair in planned if pair.built and pair.key not in known):
        facts = {"degradation": pair.degradation_name, "built": "before this run"}
        context.store.add(run, [(FinishedUnit(pair.key, "pair", pair.dataset, pair.clip, frames=pair.frames, facts=facts), None)])


def _build_pairs(plan: Plan, run: int, context: RunContext, failures: _Failures) -> None:
    todo = {unit.key: unit for unit in plan.todo("pair")}
    chosen = [pair for planned in plan.pairs.values() for pair in planned if pair.key in todo]

    def failed(pair: PlannedPair, error: InputError) -> None:
        failures.add("pair", [todo[pair.key]], error)

    for pair, seconds in build_pairs(chosen, context.workspace, context.workers, context.progress, failed=failed):
        facts = {"degradation": pair.degradation_name}
        unit = FinishedUnit(pair.key, "pair", pair.dataset, pair.clip, frames=pair.frames, seconds=seconds, facts=facts)
        context.store.add(run, [(unit, None)])


def _restore(plan: Plan, run: int, context: RunContext, failures: _Failures) -> None:
    todo = [unit for unit in plan.todo("restore") if not failures.prevents(unit)]
    with stage(context.progress, "restore", sum(unit.frames for unit in todo)):
        for method, card in plan.suite.every_method.items():
            mine = [unit for unit in todo if unit.method == method]
            if not mine:
                continue
            try:
                restorer = load_restorer(card, context.compute)
            except BROKEN as error:
                failures.add_method(method, mine, contained(error))
                continue
            for unit in mine:
                context.progress.unit(f"{method} {unit.dataset} {unit.clip}")
                try:
                    finished = _restore_unit(plan, unit, restorer.for_dataset(unit.dataset), context)
                except BROKEN as error:
                    failures.add("restore", [unit], contained(error))
                else:
                    context.store.add(run, [(finished, None)])


def _restore_unit(plan: Plan, unit: Unit, restorer: AnyRestorer, context: RunContext) -> FinishedUnit:
    pair = open_pair(plan.pairs[unit.dataset], unit.clip, context.workspace)
    card = plan.suite.every_method[unit.method]
    files = restorer.depends_on(restorer.options, unit.dataset, unit.clip)
    facts = {**method_facts(card), "dataset": unit.dataset, "pair": pair.key, **({"files": files} if files else {})}
    folder = restored_folder(context.workspace, unit.dataset, unit.method)
    way = way_here(card, pair.low_resolution.size, context.compute)
    if restore_key(pair.key, unit.dataset, unit.clip, card, context.compute.arithmetic, way) != unit.key:
        raise InputError("its input, its method's files or the memory are not those of the plan; run the same command again")
    log = context.progress.log
    record = restore_clip(
        restorer, pair.low_resolution, folder, unit.key, facts, resumed_steps(context.progress), way=way, log=log
    )
    seconds = record.seconds_per_frame * unit.frames
    kept = {
        MADE_OF: {**facts, "revision": type(restorer).revision},
        "peak_memory": record.peak_memory,
        **({} if record.peak_gpu_memory is None else {"peak_gpu_memory": record.peak_gpu_memory}),
        "device": record.device,
        "precision": record.precision,
        "way": record.way,
        "notes": dict(record.notes),
    }
    return FinishedUnit(
        unit.key, "restore", unit.dataset, unit.clip, unit.method, frames=unit.frames, seconds=seconds, facts=kept
    )


def _score(plan: Plan, run: int, context: RunContext, failures: _Failures) -> None:
    """Score each clip in one pass for all methods and metrics that are missing."""
    todo = [unit for unit in plan.todo("score") if not failures.prevents(unit)]
    loaded = _load_metrics([unit.metric for unit in todo], context, failures)
    todo = [unit for unit in todo if unit.metric in loaded]
    places: dict[tuple[str, str], list[Unit]] = {}
    for unit in todo:
        places.setdefault((unit.dataset, unit.clip), []).append(unit)
    with stage(context.progress, "score", sum(units[0].frames for units in places.values())):
        for (dataset, clip), units in places.items():
            context.progress.unit(f"{dataset} {clip}")
            for scored in _score_separately_if_needed(plan, units, loaded, context, failures):
                context.store.add(run, scored)


def _load_metrics(names: Sequence[str], context: RunContext, failures: _Failures) -> dict[str, Metric]:
    """The metrics, without those that cannot be loaded."""
    loaded: dict[str, Metric] = {}
    for name in dict.fromkeys(names):
        try:
            loaded[name] = load_metric(name, context.compute.device)
        except BROKEN as error:
            failures.add_metric(name, contained(error))
    return loaded


def _score_separately_if_needed(
    plan: Plan, units: Sequence[Unit], metrics: Mapping[str, Metric], context: RunContext, failures: _Failures
) -> Iterator[list[tuple[FinishedUnit, ClipScore | None]]]:
    """The scores of one clip; where the pass for all fails, of each method, and then of each metric, by itself."""
    try:
        yield _score_clip(plan, units, metrics, context)
    except BROKEN as error:
        if len(units) == 1:
            failures.add("score", units, contained(error))
            return
        for part in _parts(units):
            yield from _score_separately_if_needed(plan, part, metrics, context, failures)


def _parts(units: Sequence[Unit]) -> list[list[Unit]]:
    """The units of each method, or each unit where there is only one method."""
    by_method: dict[str, list[Unit]] = {}
    for unit in units:
        by_method.setdefault(unit.method, []).append(unit)
    return list(by_method.values()) if len(by_method) > 1 else [[unit] for unit in units]


def _score_clip(
    plan: Plan, units: Sequence[Unit], metrics: Mapping[str, Metric], context: RunContext
) -> list[tuple[FinishedUnit, ClipScore | None]]:
    dataset, clip = units[0].dataset, units[0].clip
    pair = open_pair(plan.pairs[dataset], clip, context.workspace)
    methods = list(dict.fromkeys(unit.method for unit in units))
    restored: dict[str, Clip] = {
        method: open_restored(restored_folder(context.workspace, dataset, method), clip) for method in methods
    }
    wanted = {method: [metrics[unit.metric] for unit in units if unit.method == method] for method in methods}
    began = time.monotonic()
    origins = {method: _origin_of_restored(context.workspace, dataset, method, clip) for method in methods}
    scores = score_clip(
        pair.ground_truth,
        restored,
        wanted,
        plan.suite.protocol.frames,
        progress=steps(context.progress),
        shifts={method: _declared_shift(plan, dataset, method) for method in methods},
        device=context.compute.device,
        log=context.progress.log,
    )
    share = (time.monotonic() - began) / len(units)
    finished: list[tuple[FinishedUnit, ClipScore | None]] = []
    for unit in units:
        protocol = plan.suite.protocol.name
        frames = {FRAMES: plan.suite.protocol.frames}
        facts = {**metric_facts(metrics[unit.metric].facts), **frames, **origins[unit.method]}
        done = FinishedUnit(unit.key, "score", dataset, clip, unit.method, unit.metric, protocol, unit.frames, share, facts)
        finished.append((done, scores[unit.method][unit.metric]))
    return finished


def _origin_of_restored(workspace: Path, dataset: str, method: str, clip: str) -> dict[str, Any]:
    """What a score keeps of where its restored clip was made, which may be another run on another machine."""
    record = read_record(record_path(restored_folder(workspace, dataset, method), clip))
    if record is None:
        return {}
    # A record of version 0.1.0 does not name the machine: the run of the restored clip's unit does.
    return {RESTORED_KEY: record.key, **({RESTORED: restored_facts(record)} if record.machine else {})}


def _declared_shift(plan: Plan, dataset: str, method: str) -> tuple[float, float]:
    of_dataset, of_method = plan.suite.datasets[dataset].shift, plan.suite.every_method[method].shift
    return of_dataset[0] + of_method[0], of_dataset[1] + of_method[1]
