"""Single units: one restored clip, the scores of one clip. Who does them, and in which order, makes no difference to them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.clips.clip import Clip
from mgld_bench.clips.resized import in_short_side, scaled_shift
from mgld_bench.engine.address import address_of
from mgld_bench.engine.keys import method_facts, metric_facts, restore_key
from mgld_bench.engine.origins import FRAMES, MADE_OF, RESTORED, RESTORED_KEY, SHORT_SIDE, restored_facts
from mgld_bench.engine.plan import Plan, Unit, restored_folder, restored_key
from mgld_bench.engine.progress import Progress, resumed_steps, steps
from mgld_bench.engine.staged_units import bring_clip, bring_pair, upload_clip
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.metrics.metric import ClipScore, Metric
from mgld_bench.pairs.planning import open_pair
from mgld_bench.restoring.record import open_restored, read_record, record_path
from mgld_bench.restoring.running import restore_clip
from mgld_bench.restoring.way import way_here
from mgld_bench.scoring.score_pass import score_clip

Scored = list[tuple[FinishedUnit, ClipScore | None]]


@dataclass(frozen=True)
class RunContext:
    """The settings and resources of one run."""

    workspace: Path
    store: Store
    compute: Compute
    workers: int
    """Number of processes that build pairs."""
    progress: Progress


def restore_unit(plan: Plan, unit: Unit, restorer: AnyRestorer, context: RunContext) -> FinishedUnit:
    """Restore one clip of the plan; ``restorer``: its method, for its dataset. Raises also what the method's code raises."""
    _bring_pair(plan, unit.dataset, unit.clip, context.workspace)
    pair = open_pair(plan.pairs[unit.dataset], unit.clip, context.workspace)
    card = plan.suite.every_method[unit.method]
    files = restorer.depends_on(restorer.options, unit.dataset, unit.clip)
    facts = {**method_facts(card), "dataset": unit.dataset, "pair": pair.key, **({"files": files} if files else {})}
    folder = restored_folder(context.workspace, unit.dataset, unit.method)
    scale = next(planned.scale for planned in plan.pairs[unit.dataset] if planned.clip == unit.clip)
    restorer = restorer.at_scale(scale)
    way = way_here(card, pair.low_resolution.size, context.compute, scale)
    if restore_key(pair.key, unit.dataset, unit.clip, card, context.compute.arithmetic, way) != unit.key:
        raise InputError("its input, its method's files or the memory are not those of the plan; run the same command again")
    log = context.progress.log
    if restored_key(context.workspace, unit.dataset, unit.method, unit.clip) == unit.key:
        bring_clip(context.workspace, folder, unit.clip)
    record = restore_clip(
        restorer, pair.low_resolution, folder, unit.key, facts, resumed_steps(context.progress), way=way, log=log
    )
    upload_clip(context.workspace, folder, unit.clip)
    seconds = record.seconds_per_frame * unit.frames
    kept = {
        MADE_OF: {**facts, "revision": type(restorer).revision},
        "peak_memory": record.peak_memory,
        **({} if record.peak_gpu_memory is None else {"peak_gpu_memory": record.peak_gpu_memory}),
        "device": record.device,
        **({} if record.threads is None else {"threads": record.threads}),
        "precision": record.precision,
        "way": record.way,
        "notes": dict(record.notes),
    }
    return FinishedUnit(
        unit.key, "restore", unit.dataset, unit.clip, unit.method, frames=unit.frames, seconds=seconds, facts=kept
    )


def score_units(
    plan: Plan,
    units: Sequence[Unit],
    metrics: Mapping[str, Metric],
    context: RunContext,
    failed: Callable[[Sequence[Unit], InputError], None],
) -> Iterator[Scored]:
    """The scores of one clip; where the pass for all fails, of each method, and then of each metric, by itself.

    Args:
        plan: to which the units belong.
        units: of one dataset and clip.
        metrics: those of the units, loaded.
        context: where and how.
        failed: called with what cannot be scored, and the reason.
    """
    try:
        yield _score_clip(plan, units, metrics, context)
    except broken() as error:
        if len(units) == 1:
            failed(units, contained(error))
            return
        for part in _parts(units):
            yield from score_units(plan, part, metrics, context, failed)


def _parts(units: Sequence[Unit]) -> list[list[Unit]]:
    """The units of each method, or each unit where there is only one method."""
    by_method: dict[str, list[Unit]] = {}
    for unit in units:
        by_method.setdefault(unit.method, []).append(unit)
    return list(by_method.values()) if len(by_method) > 1 else [[unit] for unit in units]


def _score_clip(plan: Plan, units: Sequence[Unit], metrics: Mapping[str, Metric], context: RunContext) -> Scored:
    dataset, clip = units[0].dataset, units[0].clip
    _bring_pair(plan, dataset, clip, context.workspace)
    pair = open_pair(plan.pairs[dataset], clip, context.workspace)
    methods = list(dict.fromkeys(unit.method for unit in units))
    _bring_restored(plan, dataset, clip, methods, context.workspace)
    restored: dict[str, Clip] = {
        method: open_restored(restored_folder(context.workspace, dataset, method), clip) for method in methods
    }
    wanted = {method: [metrics[unit.metric] for unit in units if unit.method == method] for method in methods}
    began = time.monotonic()
    origins = {method: _origin_of_restored(context.workspace, dataset, method, clip) for method in methods}
    protocol = plan.suite.protocol
    restored = {method: in_short_side(version, protocol.short_side) for method, version in restored.items()}
    scores = score_clip(
        None if pair.ground_truth is None else in_short_side(pair.ground_truth, protocol.short_side),
        restored,
        wanted,
        protocol.frames,
        progress=steps(context.progress),
        shifts={method: scaled_shift(_declared_shift(plan, dataset, method), restored[method]) for method in methods},
        device=context.compute.device,
        log=context.progress.log,
    )
    share = (time.monotonic() - began) / len(units)
    finished: Scored = []
    for unit in units:
        frames = {FRAMES: protocol.frames, **({} if protocol.short_side is None else {SHORT_SIDE: protocol.short_side})}
        facts = {**metric_facts(metrics[unit.metric].facts), **frames, **origins[unit.method]}
        done = FinishedUnit(unit.key, "score", dataset, clip, unit.method, unit.metric, protocol.name, unit.frames, share, facts)
        finished.append((done, scores[unit.method][unit.metric]))
    return finished


def _bring_pair(plan: Plan, dataset: str, clip: str, workspace: Path) -> None:
    bring_pair(workspace, next(pair for pair in plan.pairs[dataset] if pair.clip == clip))


def _bring_restored(plan: Plan, dataset: str, clip: str, methods: Sequence[str], workspace: Path) -> None:
    """Where the workspace is at an address, which no lock protects: have the clips here that the plan means."""
    if not address_of(workspace):
        return
    of_clip = [unit for unit in plan.units if unit.kind == "restore" and (unit.dataset, unit.clip) == (dataset, clip)]
    keys = {unit.method: unit.key for unit in of_clip}
    for method in methods:
        folder = restored_folder(workspace, dataset, method)
        bring_clip(workspace, folder, clip)
        if restored_key(workspace, dataset, method, clip) != keys[method]:
            raise InputError(
                f"{folder}: clip {clip} has been restored anew in the meantime, differently; run the same command again"
            )


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
