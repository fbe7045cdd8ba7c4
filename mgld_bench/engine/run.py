"""A run in this process: builds pairs, restores, scores, and stores every unit as soon as it is finished."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from mgld_bench.clips.opencv import installed_opencv
from mgld_bench.engine.beside_workers import refuse_beside_workers
from mgld_bench.engine.machine import provenance
from mgld_bench.engine.plan import Plan, Unit
from mgld_bench.engine.progress import Progress, stage
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.staged_units import upload_pair
from mgld_bench.engine.store import FinishedUnit
from mgld_bench.engine.work import RunContext, restore_unit, score_units
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Metric
from mgld_bench.pairs.planning import PlannedPair
from mgld_bench.pairs.prepare import prepare_pairs
from mgld_bench.restoring.loading import load_restorer


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
        refuse_beside_workers(context.workspace, context.store)
        run = context.store.begin_run(plan.suite.report.name, facts)
        note_built(plan, run, context)
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
        Each pair as soon as it is on disk, and uploaded where the workspace is at an address; with the seconds since the
        previous one.
    """
    with stage(progress, "pairs", sum(pair.frames for pair in planned)):
        began = time.monotonic()
        for pair in prepare_pairs(planned, workspace, workers, force, failed):
            try:
                upload_pair(workspace, pair)
            except InputError as error:
                if failed is None:
                    raise
                failed(pair, error)
                continue
            now = time.monotonic()
            progress.unit(f"{pair.dataset} {pair.clip}")
            progress.advance(pair.frames)
            yield pair, now - began
            began = now


def note_built(plan: Plan, run: int, context: RunContext) -> None:
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
            except broken() as error:
                failures.add_method(method, mine, contained(error))
                continue
            for unit in mine:
                context.progress.unit(f"{method} {unit.dataset} {unit.clip}")
                try:
                    finished = restore_unit(plan, unit, restorer.for_dataset(unit.dataset), context)
                except broken() as error:
                    failures.add("restore", [unit], contained(error))
                else:
                    context.store.add(run, [(finished, None)])


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

            def failed(some: Sequence[Unit], error: InputError) -> None:
                failures.add("score", some, error)

            for scored in score_units(plan, units, loaded, context, failed):
                context.store.add(run, scored)


def _load_metrics(names: Sequence[str], context: RunContext, failures: _Failures) -> dict[str, Metric]:
    """The metrics, without those that cannot be loaded."""
    loaded: dict[str, Metric] = {}
    for name in dict.fromkeys(names):
        try:
            loaded[name] = load_metric(name, context.compute.device)
        except broken() as error:
            failures.add_metric(name, contained(error))
    return loaded
