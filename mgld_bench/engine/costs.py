"""What the units that are not done will cost: time and disk with their uncertainty, before anything has run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from mgld_bench.cards.loader import load_dataset, load_method
from mgld_bench.cards.schemas import MethodCard
from mgld_bench.engine.calibration import Speed, speed_of
from mgld_bench.engine.plan import Plan, Unit
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.pairs.expected import expected_clips
from mgld_bench.plain_data import PlainData

MEASURED, SHIPPED, COUNTED = 1.3, 2.0, 4.0
"""How many times less or more a unit may cost: measured here, elsewhere and scaled, or counted from operations. A choice."""
PNG_SHARE = (0.35, 0.6, 0.8)
"""Size of a PNG frame relative to its raw bytes: low, likely, high. The demo's have 0.37 (Bicubic) to 0.58 (Real-ESRGAN)."""


@dataclass(frozen=True)
class Range:
    """A number that is only known to lie in a range."""

    likely: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def plus(self, likely: float, factor: float) -> Range:
        """The sum with something that is known but for a factor."""
        return Range(self.likely + likely, self.low + likely / factor, self.high + likely * factor)


@dataclass(frozen=True)
class Cost:
    """What some units will cost, as far as it is known."""

    time: Range
    """Seconds."""
    disk: Range
    """Bytes of PNG frames."""
    unknown: tuple[str, ...]
    """What is missing from ``time``: methods and metrics without a figure, datasets whose clips are not known."""


@dataclass(frozen=True)
class Estimate:
    """What a plan will cost."""

    now: Cost
    """The units that can be done now."""
    later: Cost
    """Those that wait for something that is missing."""
    basis: str
    """What the time is based on, in words."""

    @property
    def seconds(self) -> float:
        """The likely time of what can be done now."""
        return self.now.time.likely

    @property
    def unknown(self) -> tuple[str, ...]:
        """What is missing from ``seconds``."""
        return self.now.unknown

    @property
    def disk(self) -> float:
        """The likely size of what can be done now."""
        return self.now.disk.likely


class _Figure(PlainData):
    """Seconds per frame and megapixel on the reference machine: one of the two is 0."""

    network: float = 0.0
    plain: float = 0.0
    counted: bool = False


class _Figures(PlainData):
    reference: Speed
    pairs: dict[str, _Figure]
    methods: dict[str, _Figure]
    metrics: dict[str, _Figure]


def estimate(plan: Plan, store: Store, compute: Compute) -> Estimate:
    """The cost of what is left to do: by what was measured in the store, else by shipped figures, scaled to this device.

    The first estimate that needs shipped figures times this device for a few seconds; see speed_of().
    """
    rates = Rates(plan, store, compute)
    now = _cost([unit for unit in plan.units if not unit.done], plan, rates)
    later = _cost(plan.waiting, plan, rates)
    return Estimate(now, later, rates.basis)


class Rates:
    """Seconds per frame and megapixel of ground truth for each kind of unit, with the factor by which they may be off."""

    def __init__(self, plan: Plan, store: Store, compute: Compute) -> None:
        self._plan = plan
        self._compute = compute
        self._measured = _measured(plan, store)
        self._speed: Speed | None = None
        self._used_measured = False

    @property
    def basis(self) -> str:
        """What the rates that were asked for rest on."""
        parts = ["earlier runs here"] if self._used_measured else []
        parts += ["figures of a different machine, scaled by a few seconds' work on this one"] if self._speed else []
        return " and ".join(parts) or "nothing to do"

    def of(self, unit: Unit) -> tuple[float, float] | None:
        """The rate of a unit and its factor; None where nothing is known."""
        measured = self._measured.get((unit.kind, _what(unit)))
        if measured is not None:
            self._used_measured = True
            return measured, MEASURED
        figure, certain = self._shipped(unit)
        if figure is None:
            return None
        self._speed = self._speed or speed_of(self._compute)
        reference = _figures().reference
        scaled = figure.network * reference.network / self._speed.network + figure.plain * self._speed.plain / reference.plain
        return scaled, COUNTED if figure.counted or not certain else SHIPPED

    def _shipped(self, unit: Unit) -> tuple[_Figure | None, bool]:
        """The figure of a unit, and whether it is its own and not that of a method with the same code."""
        figures = _figures()
        if unit.kind == "pair":
            built = self._plan.suite.degradations[unit.dataset] is not None
            return figures.pairs["built" if built else "existing"], True
        if unit.kind == "score":
            return figures.metrics.get(unit.metric), True
        if unit.method in figures.methods:
            return figures.methods[unit.method], True
        return figures.methods.get(_relative(self._plan.suite.every_method[unit.method], tuple(figures.methods))), False


def _cost(units: Sequence[Unit], plan: Plan, rates: Rates) -> Cost:
    time, disk, unknown = Range(), Range(), []
    for unit in units:
        size = plan.sizes.get((unit.dataset, unit.clip))
        if size is None or not unit.frames:
            unknown.append(f"the clips of {unit.dataset}")
            continue
        megapixels = size[0] * size[1] / 1e6
        rate = rates.of(unit)
        if rate is None:
            unknown.append(_what(unit))
        else:
            time = time.plus(rate[0] * megapixels * _frames(unit, plan), rate[1])
        low, likely, high = (3e6 * share * megapixels * unit.frames * _pictures(unit, plan) for share in PNG_SHARE)
        disk = Range(disk.likely + likely, disk.low + low, disk.high + high)
    return Cost(time, disk, tuple(dict.fromkeys(unknown)))


def _frames(unit: Unit, plan: Plan) -> int:
    chosen = plan.suite.protocol.frames
    return unit.frames if unit.kind != "score" or chosen == "all" else min(len(chosen), unit.frames)


def _pictures(unit: Unit, plan: Plan) -> float:
    """How many frames of the ground truth's size a unit writes for each frame."""
    if unit.kind == "restore":
        return 1.0
    return 0.0 if unit.kind == "score" else 1 / 16 + plan.suite.datasets[unit.dataset].ground_truth


def _what(unit: Unit) -> str:
    return unit.metric if unit.kind == "score" else unit.method or "pairs"


def _measured(plan: Plan, store: Store) -> dict[tuple[str, str], float]:
    """Seconds per frame and megapixel of finished units whose size is known, by kind and method or metric."""
    seconds: dict[tuple[str, str], float] = {}
    worked: dict[tuple[str, str], float] = {}
    for place, what, frames, spent in store.times():
        size = plan.sizes.get(place) or _sizes(place[0]).get(place[1])
        if size is not None and frames:
            seconds[what] = seconds.get(what, 0.0) + spent
            worked[what] = worked.get(what, 0.0) + frames * size[0] * size[1] / 1e6
    return {what: seconds[what] / worked[what] for what in worked}


@cache
def _sizes(dataset: str) -> Mapping[str, tuple[int, int] | None]:
    try:
        return {clip.name: clip.size for clip in expected_clips(load_dataset(dataset))}
    except InputError:
        # A dataset of a card folder that is not given now.
        return {}


def _relative(card: MethodCard, names: Sequence[str]) -> str:
    """The method with a figure that runs the same code; "" where there is none."""
    return next((known.name for known in _cards(names) if known.restorer == card.restorer), "")


def _cards(names: Sequence[str]) -> Iterator[MethodCard]:
    for name in names:
        yield load_method(name)


@cache
def _figures() -> _Figures:
    text = (Path(__file__).parent / "costs.yaml").read_text(encoding="utf-8")
    return _Figures.model_validate(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
