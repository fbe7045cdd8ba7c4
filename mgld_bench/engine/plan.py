"""The plan: every unit of a suite, which of them are done, and which wait for something that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.clips.clip import ClipSize
from mgld_bench.engine.keys import pinned_sha256, restore_key, restore_key_of, score_key
from mgld_bench.engine.remembered import remembered_key
from mgld_bench.engine.store import Store
from mgld_bench.engine.suite import Obstacle, Suite
from mgld_bench.errors import InputError
from mgld_bench.home import expanded
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import FilesAwayError
from mgld_bench.pairs.expected import expected_clips
from mgld_bench.pairs.planning import PlannedPair, plan_pairs
from mgld_bench.pairs.subset import EVERY_CLIP
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.restoring.record import RestoreRecord, read_record, record_path
from mgld_bench.restoring.way import ScaleError, Way, way_here


@dataclass(frozen=True)
class Unit:
    """One piece of work that is done once and kept."""

    kind: str
    """pair, restore or score."""
    key: str
    """"" where something that the key depends on is missing."""
    dataset: str
    clip: str
    frames: int
    """0 where it is not known yet."""
    done: bool
    method: str = ""
    metric: str = ""


@dataclass(frozen=True)
class Plan:
    """All units of a suite in the order in which they can be done."""

    suite: Suite
    pairs: Mapping[str, Sequence[PlannedPair]]
    """By dataset; those whose clips are there or can be built."""
    units: tuple[Unit, ...]
    waiting: tuple[Unit, ...]
    """The units that cannot be done here yet, because a dataset, a weight file or a result is missing."""
    obstacles: tuple[Obstacle, ...]
    """Those of the suite, datasets that cannot be found, and clips that a method cannot restore."""
    sizes: Mapping[tuple[str, str], tuple[int, int] | None]
    """(height, width) of the ground truth by dataset and clip; None where it is not known yet."""
    remarks: tuple[str, ...] = ()
    """What the user should know of the plan, one line each: which LR clips are used, what is there no more."""
    never: tuple[Unit, ...] = ()
    """The units of methods that nobody can run, because something of them was never published; they are missing to nobody."""

    def todo(self, kind: str) -> list[Unit]:
        """The units of a kind that are not done."""
        return [unit for unit in self.units if unit.kind == kind and not unit.done]

    @property
    def scores(self) -> list[Unit]:
        """Every score that is asked for, whether it can be taken or not, in the order of the report."""
        return _in_order([unit for unit in (*self.units, *self.waiting, *self.never) if unit.kind == "score"], self.suite)


def restored_folder(workspace: Path, dataset: str, method: str) -> Path:
    """The folder of a method's restored clips of a dataset."""
    return workspace / "restored" / dataset / method


def restored_key(workspace: Path, dataset: str, method: str, clip: str) -> str | None:
    """The key under which a method's restored clip was made; None where there is none, or its record is damaged."""
    record = restored_record(workspace, dataset, method, clip)
    return None if record is None else record.key


def restored_record(workspace: Path, dataset: str, method: str, clip: str) -> RestoreRecord | None:
    """How a method's restored clip was made; None where there is none, or its record is damaged."""
    try:
        return read_record(record_path(restored_folder(workspace, dataset, method), clip))
    except InputError:
        # A damaged record is replaced when its clip is restored.
        return None


def make_plan(
    suite: Suite, workspace: Path, store: Store, compute: Compute, sources: Mapping[str, Path], as_made: bool = False
) -> Plan:
    """Plan a suite.

    Args:
        suite: what is asked for.
        workspace: where pairs and restored clips are looked for.
        store: where finished units are looked up.
        compute: where and how clips are to be restored, which is part of their keys.
        sources: by dataset, the folder of its official download; needed where its pairs are not built yet.
        as_made: take each restored clip as it was made last, on whatever device and in whatever parts, rather than as it would be
            made here.
    """
    pairs: dict[str, Sequence[PlannedPair]] = {}
    sizes: dict[tuple[str, str], tuple[int, int] | None] = {}
    draft = _Draft(suite, workspace, compute, store.ways() if as_made else {})
    for name, dataset in suite.datasets.items():
        source = sources.get(name)
        try:
            pairs[name] = plan_pairs(dataset, suite.degradations[name], source, workspace, suite.subset)
        except InputError as error:
            draft.obstacles.append(Obstacle("dataset", name, str(error)))
            listed = expected_clips(dataset)
            chosen = suite.subset.of([clip.name for clip in listed])
            expected = [clip for clip in listed if clip.name in chosen]
            sizes |= {(name, clip.name): clip.size for clip in expected}
            draft.expect(name, [(clip.name, clip.frames) for clip in expected])
            continue
        if source is not None and not expanded(source).is_dir():
            draft.remarks.append(f"{dataset.heading}: its source {source} is not there; the pairs built from it are used")
        sizes |= {(name, pair.clip): (pair.height, pair.width) for pair in pairs[name]}
        draft.add(name, pairs[name])
    draft.check_subset()
    finished = store.finished(unit.key for unit in draft.units if unit.key)
    possible = [unit for unit in draft.units if not draft.needs_metric(unit, finished)]
    waiting = [replace(unit, key="") for unit in draft.units if draft.needs_metric(unit, finished)] + draft.waiting
    return Plan(
        suite,
        pairs,
        _with_states(_in_order(possible, suite), finished, workspace, pairs),
        tuple(_in_order([unit for unit in waiting if unit.method not in suite.unpublished], suite)),
        tuple(draft.all_obstacles(possible, waiting)),
        sizes,
        (*suite.remarks, *draft.remarks),
        tuple(unit for unit in waiting if unit.method in suite.unpublished),
    )


@dataclass
class _Draft:
    """The units of a suite as they are found, dataset by dataset."""

    suite: Suite
    workspace: Path
    compute: Compute
    ways: Mapping[tuple[str, str, str], Mapping[str, Way]]
    """In which clips were made, by the keys of their units, where these are to be taken."""
    units: list[Unit] = field(default_factory=list)
    waiting: list[Unit] = field(default_factory=list)
    obstacles: list[Obstacle] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    clips: dict[str, list[str]] = field(default_factory=dict)
    """Those that are asked for, by dataset."""

    def expect(self, dataset: str, clips: Sequence[tuple[str, int]]) -> None:
        """The units of a dataset that is not there."""
        self.clips[dataset] = [clip for clip, _ in clips]
        for clip, frames in clips:
            self.waiting.append(Unit("pair", "", dataset, clip, frames, done=False))
            for method in self.suite.every_method:
                self._wait(dataset, clip, frames, method)

    def add(self, dataset: str, planned: Sequence[PlannedPair]) -> None:
        """The units of a dataset whose pairs are built or can be."""
        self.clips[dataset] = [pair.clip for pair in planned]
        self.units += [Unit("pair", pair.key, dataset, pair.clip, pair.frames, done=False) for pair in planned]
        for method in self.suite.every_method:
            for pair in planned:
                key = self._restore_key(dataset, pair, method)
                if key is None:
                    self._wait(dataset, pair.clip, pair.frames, method)
                    continue
                self.units.append(Unit("restore", key, dataset, pair.clip, pair.frames, done=False, method=method))
                self.units += self._scores(dataset, pair, method, key)

    def check_subset(self) -> None:
        """Report how many clips were chosen. Raises InputError where one that is asked for is in none of the datasets."""
        if self.suite.subset == EVERY_CLIP:
            return
        known: list[str] = []
        unsure = False
        for name, dataset in self.suite.datasets.items():
            listed, chosen = [clip.name for clip in dataset.clips], self.clips[name]
            known += listed or chosen
            # A card without a list of clips, whose clips are not here.
            unsure |= not (listed or chosen)
            line = self.suite.subset.described(len(chosen), len(listed) or dataset.clip_count or 0)
            if line:
                self.remarks.append(f"{dataset.heading}: {line}")
        if not unsure:
            self.suite.subset.check(known)

    def needs_metric(self, unit: Unit, finished: set[str]) -> bool:
        """Whether this score waits for a metric that cannot run here."""
        return unit.kind == "score" and unit.metric in self.suite.gaps[unit.dataset] and unit.key not in finished

    def all_obstacles(self, possible: Sequence[Unit], waiting: Sequence[Unit]) -> Iterator[Obstacle]:
        """What is in the way of the units that wait, each once; nothing where all that it keeps from being done is done."""
        there = {name for unit in possible for name in (unit.method, unit.metric)}
        needed = {name for unit in waiting for name in (unit.method, unit.metric)}
        for obstacle in dict.fromkeys((*self.suite.obstacles, *self.obstacles)):
            if obstacle.kind == "dataset" or obstacle.name not in there - needed:
                yield obstacle

    def _scores(self, dataset: str, pair: PlannedPair, method: str, restored: str) -> Iterator[Unit]:
        every = {**self.suite.metrics[dataset], **self.suite.gaps[dataset]}
        for metric, facts in every.items():
            files = pinned_sha256(facts) if metric in self.suite.gaps[dataset] else None
            runs = metric in self.suite.metrics[dataset] or files is not None
            key = score_key(restored, facts, self.suite.protocol, files) if runs else ""
            yield Unit("score", key, dataset, pair.clip, pair.frames, done=False, method=method, metric=metric)

    def _wait(self, dataset: str, clip: str, frames: int, method: str) -> None:
        self.waiting.append(Unit("restore", "", dataset, clip, frames, done=False, method=method))
        for metric in (*self.suite.metrics[dataset], *self.suite.gaps[dataset]):
            self.waiting.append(Unit("score", "", dataset, clip, frames, done=False, method=method, metric=metric))

    def _key_of(self, dataset: str, pair: PlannedPair, card: MethodCard) -> str:
        """Of the ways in which the clip was made, the latest that is still what is asked for; else that in which it would be."""
        for key, way in self.ways.get((dataset, pair.clip, card.name), {}).items():
            if restore_key(pair.key, dataset, pair.clip, card, self.compute.arithmetic, way) == key:
                return key
        size = ClipSize(pair.clip, pair.frames, pair.height // pair.scale, pair.width // pair.scale)
        way = way_here(card, size, self.compute, pair.scale)
        return restore_key(pair.key, dataset, pair.clip, card, self.compute.arithmetic, way)

    def _kept_key(self, dataset: str, pair: PlannedPair, card: MethodCard) -> str | None:
        """The key under which the store has the clip, where weight files that are away are those that the card pins."""
        pinned = {role: weight.sha256 for role, weight in sorted(card.weights.items())}
        kept = self.ways.get((dataset, pair.clip, card.name), {})
        if not kept or not all(pinned.values()):
            return None
        try:
            files = restorer_class(card).depends_on(parse_options(card), dataset, pair.clip)
        except InputError:
            return None
        keys = {restore_key_of(pair.key, card, self.compute.arithmetic, pinned, files, way) for way in kept.values()}
        return next((key for key in kept if key in keys), None)

    def _restore_key(self, dataset: str, pair: PlannedPair, method: str) -> str | None:
        """The key of a restored clip; None where the method cannot restore it here and has not done so before."""
        card = self.suite.every_method[method]
        if method in self.suite.methods:
            try:
                return self._key_of(dataset, pair, card)
            except InputError as error:
                away = error
        else:
            away = FilesAwayError("its weight files are not there any more")
        if isinstance(away, FilesAwayError):
            record = restored_record(self.workspace, dataset, method, pair.clip)
            key = remembered_key(record, card, pair.key, dataset, self.compute.arithmetic) or self._kept_key(dataset, pair, card)
            if key is not None:
                if not any(remark.startswith(f"{method}: ") for remark in self.remarks):
                    self.remarks.append(f"{method}: {away}; what was restored with it before is used")
                return key
        if method in self.suite.methods:
            where = dataset if isinstance(away, ScaleError) else f"{dataset} {pair.clip}"
            self.obstacles.append(Obstacle("method", method, f"{where}: {away}"))
        return None


def _in_order(units: Sequence[Unit], suite: Suite) -> list[Unit]:
    """Pairs, then what is restored, then what is scored; method by method."""
    kinds = ("pair", "restore", "score")
    return sorted(units, key=lambda unit: (kinds.index(unit.kind), suite.order.index(unit.method) if unit.method else 0))


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
        # A pair with its side file is built, whoever built it; the store learns of it with the next run.
        known = unit.key in finished or (unit.kind == "pair" and files_there)
        done = known and (files_there or not files_matter)
        if not done:
            needed |= {(unit.dataset, unit.clip, unit.method), (unit.dataset, unit.clip, "")}
        stated.append(replace(unit, done=done))
    return tuple(reversed(stated))
