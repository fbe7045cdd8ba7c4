"""What a worker needs for the units of one job: its suite, opened here, and the methods and metrics that it has loaded."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from mgld_bench.engine.executors.claiming import Claim
from mgld_bench.engine.executors.job import Job
from mgld_bench.engine.machine import compute_on, provenance
from mgld_bench.engine.plan import Plan, Unit, make_plan
from mgld_bench.engine.progress import Progress
from mgld_bench.engine.session import Session
from mgld_bench.engine.staged_units import bring_pair, upload_pair
from mgld_bench.engine.store import FinishedUnit, Store
from mgld_bench.engine.work import RunContext, Scored, restore_unit, score_units
from mgld_bench.errors import InputError, broken, contained
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.metrics.catalogue import load_metric
from mgld_bench.metrics.metric import Metric
from mgld_bench.pairs.planning import PlannedPair, open_pair
from mgld_bench.pairs.prepare import prepare_pairs
from mgld_bench.restoring.loading import load_restorer


@dataclass
class Outcome:
    """What a claim has come to."""

    finished: Scored = field(default_factory=list)
    failed: dict[str, str] = field(default_factory=dict)
    """By key, in one line."""


class Bench:
    """The suite of a job on this machine. Methods are loaded one at a time, metrics stay."""

    def __init__(self, job: Job, workspace: Path, device: str, store: Store, progress: Progress) -> None:
        """Open it. Raises InputError where its cards or its device are not to be had here."""
        request = job.request
        compute = compute_on(device, request.precision, "", request.allow_tf32)
        compute = replace(compute, max_memory=request.max_memory)
        session = Session.of_request(request, workspace, store, compute)
        self.job = job
        self._context = RunContext(workspace, store, compute, 1, progress)
        self._plan: Plan = make_plan(session.suite, workspace, store, compute, request.sources)
        self._units = {unit.key: unit for unit in self._plan.units}
        self._restorers: dict[str, AnyRestorer] = {}
        self._metrics: dict[str, Metric] = {}
        self._run: int | None = None

    @property
    def run(self) -> int:
        """The run under which this worker's units are kept: made with the first of them."""
        if self._run is None:
            facts = provenance([self.job.command], self._context.compute)
            self._run = self._context.store.begin_run(self.job.report, facts)
        return self._run

    def why_not(self, claim: Claim) -> str:
        """Why a claim's units cannot be done here; "" where they can."""
        unknown = [key for key in claim.keys if key not in self._units]
        if not unknown:
            return ""
        reasons = [
            f"{one.kind} {one.name}: {one.reason}" for one in self._plan.obstacles if one.name in (claim.method, claim.dataset)
        ]
        if reasons:
            return "; ".join(reasons)
        return (
            f"{claim.text}: this machine would do something different from what is asked for: its cards, weights, sources, "
            "versions or device differ from those where the run was started"
        )

    def do(self, claim: Claim) -> Outcome:
        """Do a claim's units. What fails is in the outcome."""
        units = [self._units[key] for key in claim.keys]
        outcome = Outcome()
        self._context.progress.start(claim.kind, units[0].frames)
        self._context.progress.unit(claim.text)
        try:
            if claim.kind == "pair":
                outcome.finished = [(self._pair(units[0]), None)]
            elif claim.kind == "restore":
                restorer = self._restorer(units[0].method).for_dataset(units[0].dataset)
                outcome.finished = [(restore_unit(self._plan, units[0], restorer, self._context), None)]
            else:
                self._score(units, outcome)
        except broken() as error:
            self._fail(units, contained(error), outcome)
        finally:
            self._context.progress.stop()
        return outcome

    def _pair(self, unit: Unit) -> FinishedUnit:
        planned = next(pair for pair in self._plan.pairs[unit.dataset] if pair.key == unit.key)
        began = time.monotonic()
        facts = {"degradation": planned.degradation_name}
        bring_pair(self._context.workspace, planned)
        if self._is_built(planned):
            # By a worker that was lost before it could record it.
            facts["built"] = "before this run"
        else:
            for _ in prepare_pairs([planned], self._context.workspace, 1):
                pass
        upload_pair(self._context.workspace, planned)
        seconds = time.monotonic() - began
        return FinishedUnit(unit.key, "pair", unit.dataset, unit.clip, frames=unit.frames, seconds=seconds, facts=facts)

    def _is_built(self, planned: PlannedPair) -> bool:
        try:
            open_pair([planned], planned.clip, self._context.workspace)
        except InputError:
            return False
        return True

    def _restorer(self, method: str) -> AnyRestorer:
        if method not in self._restorers:
            self._restorers.clear()
            self._restorers[method] = load_restorer(self._plan.suite.every_method[method], self._context.compute)
        return self._restorers[method]

    def _score(self, units: Sequence[Unit], outcome: Outcome) -> None:
        self._restorers.clear()
        for name in dict.fromkeys(unit.metric for unit in units):
            if name not in self._metrics:
                try:
                    self._metrics[name] = load_metric(name, self._context.compute.device)
                except broken() as error:
                    self._fail([unit for unit in units if unit.metric == name], contained(error), outcome)
        able = [unit for unit in units if unit.metric in self._metrics]

        def failed(some: Sequence[Unit], error: InputError) -> None:
            self._fail(some, error, outcome)

        if able:
            for scored in score_units(self._plan, able, self._metrics, self._context, failed):
                outcome.finished += scored

    def _fail(self, units: Sequence[Unit], error: InputError, outcome: Outcome) -> None:
        first = units[0]
        methods = ", ".join(dict.fromkeys(unit.method for unit in units if unit.method))
        place = " ".join(part for part in (first.kind, first.dataset, first.clip, methods) if part)
        outcome.failed |= {unit.key: f"{place}: {error}" for unit in units}
