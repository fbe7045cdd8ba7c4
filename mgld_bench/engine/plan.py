"""The plan: every unit of a suite, which of them are done, and what the rest will cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mgld_bench.engine.keys import restore_key, score_key
from mgld_bench.engine.store import Store
from mgld_bench.engine.suite import Obstacle, Suite
from mgld_bench.errors import InputError
from mgld_bench.pairs.planning import PlannedPair, plan_pairs
from mgld_bench.restoring.record import read_record, record_path

PNG_SHARE = 0.6
"""Size of a PNG frame relative to its raw bytes, for estimates; the demo's frames have 0.37 (Bicubic) to 0.58 (Real-ESRGAN)."""


@dataclass(frozen=True)
class Unit:
    """One piece of work that is done once and kept."""

    kind: str
    """pair, restore or score."""
    key: str
    dataset: str
    clip: str
    frames: int
    done: bool
    method: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Plan:
    """All units of a suite in the order in which they can be done."""

    suite: Suite
    pairs: Mapping[str, Sequence[PlannedPair]]
    """By dataset."""
    units: tuple[Unit, ...]
    waiting: tuple[Unit, ...]
    """The units of methods that cannot run here yet, to be done once their weights are there. They have no keys."""
    obstacles: tuple[Obstacle, ...]
    """Those of the suite, and datasets that cannot be found."""

    def todo(self, kind: str) -> list[Unit]:
        """The units of a kind that are not done."""
        return [unit for unit in self.units if unit.kind == kind and not unit.done]


@dataclass(frozen=True)
class Estimate:
    """What the units that are not done will cost, as far as it is known."""

    seconds: float
    """For the units whose cost is known from earlier runs."""
    unknown: tuple[str, ...]
    """Methods and metrics that have never run here, whose time is missing from ``seconds``."""
    disk: float
    """Bytes of PNG frames, estimated from the frames' size."""


def restored_folder(workspace: Path, dataset: str, method: str) -> Path:
    """The folder of a method's restored clips of a dataset."""
    return workspace / "restored" / dataset / method


def restored_key(workspace: Path, dataset: str, method: str, clip: str) -> str | None:
    """The key under which a method's restored clip was made; None where there is none."""
    record = read_record(record_path(restored_folder(workspace, dataset, method), clip))
    return None if record is None else record.key


def make_plan(suite: Suite, workspace: Path, store: Store, precision: str, sources: Mapping[str, Path]) -> Plan:
    """Plan a suite.

    Args:
        suite: what is asked for.
        workspace: where pairs and restored clips are looked for.
        store: where finished units are looked up.
        precision: part of the key of a restored clip.
        sources: by dataset, the folder of its official download; needed where its pairs are not built yet.
    """
    pairs: dict[str, Sequence[PlannedPair]] = {}
    obstacles = list(suite.obstacles)
    for name, dataset in suite.datasets.items():
        try:
            pairs[name] = plan_pairs(dataset, suite.degradations[name], sources.get(name), workspace)
        except InputError as error:
            obstacles.append(Obstacle("dataset", name, str(error)))
    units = _units(suite, pairs, precision)
    finished = store.finished(unit.key for unit in units)
    return Plan(suite, pairs, _with_states(units, finished, workspace, pairs), _waiting(suite, pairs), tuple(obstacles))


def estimate(plan: Plan, store: Store) -> Estimate:
    """The cost of what is left to do, from measured costs in the store and from the frames' sizes."""
    costs = store.seconds_per_frame()
    seconds, unknown, disk = 0.0, [], 0.0
    areas = {(dataset, pair.clip): pair.height * pair.width for dataset, pairs in plan.pairs.items() for pair in pairs}
    for unit in plan.units:
        if unit.done:
            continue
        what = unit.metric if unit.kind == "score" else unit.method
        cost = costs.get((unit.kind, what))
        if cost is None:
            unknown.append(what or "pairs")
        else:
            seconds += cost * unit.frames
        if unit.kind != "score":
            disk += 3 * PNG_SHARE * areas[unit.dataset, unit.clip] * unit.frames
    return Estimate(seconds, tuple(dict.fromkeys(unknown)), disk)


def require_all(plan: Plan, skip_unavailable: bool) -> None:
    """Raise InputError that lists every obstacle, unless these are to be left out."""
    if skip_unavailable or not plan.obstacles:
        return
    listed = "; ".join(f"{obstacle.kind} {obstacle.name}: {obstacle.reason}" for obstacle in plan.obstacles)
    name = plan.suite.report.name
    raise InputError(f"{name}: cannot run: {listed}. Fix this, or skip them with --skip-unavailable")


def _units(suite: Suite, pairs: Mapping[str, Sequence[PlannedPair]], precision: str) -> list[Unit]:
    units: list[Unit] = []
    scores: list[Unit] = []
    for dataset, planned in pairs.items():
        units += [Unit("pair", pair.key, dataset, pair.clip, pair.frames, done=False) for pair in planned]
    for method, card in suite.methods.items():
        for dataset, planned in pairs.items():
            for pair in planned:
                restored = restore_key(pair.key, dataset, pair.clip, card, precision)
                units.append(Unit("restore", restored, dataset, pair.clip, pair.frames, done=False, method=method))
                for metric, facts in suite.metrics[dataset].items():
                    key = score_key(restored, facts, suite.protocol)
                    scores.append(Unit("score", key, dataset, pair.clip, pair.frames, done=False, method=method, metric=metric))
    return units + scores


def _waiting(suite: Suite, pairs: Mapping[str, Sequence[PlannedPair]]) -> tuple[Unit, ...]:
    """The units of the methods that cannot run here yet."""
    units: list[Unit] = []
    for method in suite.waiting:
        for dataset, planned in pairs.items():
            for pair in planned:
                units.append(Unit("restore", "", dataset, pair.clip, pair.frames, done=False, method=method))
                for metric in suite.metrics[dataset]:
                    units.append(Unit("score", "", dataset, pair.clip, pair.frames, done=False, method=method, metric=metric))
    return tuple(units)


def _with_states(
    units: Sequence[Unit], finished: set[str], workspace: Path, pairs: Mapping[str, Sequence[PlannedPair]]
) -> tuple[Unit, ...]:
    """The units with ``done`` set: in the store, and with their files still there wherever later units need them."""
    built = {(dataset, pair.clip) for dataset, planned in pairs.items() for pair in planned if pair.built}
    needed: set[tuple[str, str, str]] = set()
    stated: list[Unit] = []
    for unit in reversed(units):
        files_matter = files_there = False
        if unit.kind == "restore":
            files_matter = (unit.dataset, unit.clip, unit.method) in needed
            files_there = restored_key(workspace, unit.dataset, unit.method, unit.clip) == unit.key
        elif unit.kind == "pair":
            files_matter = (unit.dataset, unit.clip, "") in needed
            files_there = (unit.dataset, unit.clip) in built
        done = unit.key in finished and (files_there or not files_matter)
        if not done:
            needed |= {(unit.dataset, unit.clip, unit.method), (unit.dataset, unit.clip, "")}
        stated.append(replace(unit, done=done))
    return tuple(reversed(stated))
