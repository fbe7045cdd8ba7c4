"""The measurements that a table of costs asks for: which are there, what the others will take, and making them."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass

from psutil import getloadavg

from mgld_bench.cards.schemas import MethodCard
from mgld_bench.engine.costs import Cost, Estimate, Range, Rates
from mgld_bench.engine.kept_profiles import KeptProfile, here, keep_profile, kept_profiles, profile_identity
from mgld_bench.engine.plan import Plan, Unit
from mgld_bench.engine.profiling import ProfileInput, parse_size, profile_alone
from mgld_bench.engine.progress import Progress, Silent
from mgld_bench.engine.store import Store
from mgld_bench.engine.suite import Suite
from mgld_bench.errors import InputError
from mgld_bench.methods.compute import Compute
from mgld_bench.restoring.loading import parse_options, restorer_class
from mgld_bench.restoring.profiling import FEWEST, REPEATS, TIME_LIMIT
from mgld_bench.threads import busy_warning, threads
from mgld_bench.weights.missing import missing_files


@dataclass(frozen=True)
class Measurement:
    """One method on one input."""

    card: MethodCard
    measured: ProfileInput
    identity: str
    """See profile_identity()."""

    @property
    def text(self) -> str:
        """For people: "realesrgan at 128x128, 100 frames"."""
        return f"{self.card.name} at {self.measured.width}x{self.measured.height}, {self.measured.frames} frames"


def measurements(suite: Suite) -> list[Measurement]:
    """What a report's table of costs needs, method by method; nothing for a report of scores.

    Raises:
        InputError: a size is not WIDTHxHEIGHT.
    """
    costs = suite.report.costs
    if costs is None:
        return []
    inputs = [ProfileInput(*parse_size(size), costs.frames) for size in costs.sizes]
    return [Measurement(card, one, profile_identity(card, one)) for card in suite.methods.values() for one in inputs]


def missing_measurements(suite: Suite, store: Store, compute: Compute) -> list[Measurement]:
    """Those that were not made on this machine and device with these versions, or with random weights where theirs are here."""
    wanted = measurements(suite)
    place = here(compute)
    found: dict[str, list[KeptProfile]] = {}
    for kept in kept_profiles(store, (one.identity for one in wanted)):
        if kept.origin == place:
            found.setdefault(kept.identity, []).append(kept)
    return [one for one in wanted if not any(_good(kept, one.card) for kept in found.get(one.identity, []))]


def measure(todo: Sequence[Measurement], store: Store, compute: Compute, progress: Progress) -> list[str]:
    """Make measurements, each in a process of its own, and keep each at once; returns a line for each that failed."""
    failures = []
    log = _print_nothing if isinstance(progress, Silent) else _print_line
    warning = busy_warning(getloadavg()[0], threads()) if todo else None
    if warning is not None:
        progress.log(warning)
    for number, one in enumerate(todo, 1):
        progress.log(f"profile: {one.text} ({number} of {len(todo)})")
        try:
            keep_profile(store, one.card, profile_alone(one.card, compute, one.measured, log))
        except InputError as error:
            failures.append(f"profile {one.text}: {error}")
            progress.log(f"FAILED {failures[-1]}")
    return failures


def estimate_measurements(todo: Sequence[Measurement], plan: Plan, store: Store, compute: Compute) -> Estimate:
    """What making them will take."""
    rates = Rates(plan, store, compute)
    time, unknown = Range(), []
    for one in todo:
        size = one.measured
        rate = rates.of(Unit("restore", "", "", "", size.frames, done=False, method=one.card.name))
        if rate is None:
            unknown.append(one.card.name)
            continue
        scale = restorer_class(one.card).first_scale(parse_options(one.card))
        run = rate[0] * size.frames * size.width * size.height * scale**2 / 1e6
        timed = min(REPEATS, max(FEWEST, math.ceil(TIME_LIMIT / run))) if run else REPEATS
        time = time.plus(run * (1 + timed), rate[1])
    nothing = Cost(Range(), Range(), ())
    return Estimate(Cost(time, Range(), tuple(dict.fromkeys(unknown))), nothing, rates.basis)


def _good(kept: KeptProfile, card: MethodCard) -> bool:
    return not kept.random or bool(missing_files(tuple(card.weights.values())))


def _print_nothing(_line: str) -> None:
    """Print no progress."""


def _print_line(line: str) -> None:
    """Print a line about the progress on standard error, from the process that measures."""
    print(line, file=sys.stderr, flush=True)
