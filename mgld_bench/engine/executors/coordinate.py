"""A run by workers: publishes its units, has workers started, watches, and reports what has failed."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from mgld_bench.engine.address import address_of
from mgld_bench.engine.executors.claiming import DONE, FAILED, RUNNING
from mgld_bench.engine.executors.job import Job, add_job, close_job, keep_alive, open_jobs
from mgld_bench.engine.executors.memory import memory_of
from mgld_bench.engine.executors.probe import leave_probe, remove_probe, versions_here
from mgld_bench.engine.executors.queue import LEASE, Queue, Task
from mgld_bench.engine.executors.staff import Worker, staff
from mgld_bench.engine.executors.worker import WorkerSettings
from mgld_bench.engine.machine import provenance
from mgld_bench.engine.place import machine_id, settle_place
from mgld_bench.engine.plan import Plan, Unit
from mgld_bench.engine.progress import stage
from mgld_bench.engine.run import note_built
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.session import Session
from mgld_bench.engine.staged_units import bring_side_files
from mgld_bench.engine.work import RunContext
from mgld_bench.errors import InputError, first_of

PAUSE: Final = 0.3
"""Seconds between two looks at the queue."""
_THERE: Final = 30.0
"""Seconds after which a run, or a worker, that has not been seen is taken to be gone."""
_GRACE: Final = 5.0
"""Seconds in which workers end by themselves once nothing is left."""
_REPAIR: Final = 10.0
"""Seconds between two looks whether somebody else has withdrawn what is wanted here too."""


@dataclass(frozen=True)
class Ended:
    """A worker that has ended without being asked to."""

    name: str
    why: str


class Executor(Protocol):
    """Starts workers for a run, watches over them, and ends them."""

    name: str

    def submit(self, settings: WorkerSettings, units: int, memory: int) -> None:
        """Have workers started for so many units, with ``memory`` bytes each (0: not known); called once, before `watch`."""

    def watch(self) -> Sequence[Ended]:
        """The workers that have ended since the last call; starts others in their place where that makes sense."""

    def alive(self) -> bool:
        """Whether workers are there or may still come."""

    def cancel(self) -> None:
        """End all workers, and return when they have ended."""


class NoExecutor:
    """Starts nothing: somebody starts workers by hand, or on machines that this one knows nothing of."""

    name = "workers"

    def submit(self, settings: WorkerSettings, units: int, memory: int) -> None:
        """See `Executor`."""

    def watch(self) -> Sequence[Ended]:
        """See `Executor`."""
        return ()

    def alive(self) -> bool:
        """See `Executor`."""
        return True

    def cancel(self) -> None:
        """See `Executor`."""


def run_by_workers(
    executor: Executor, store_url: str, lease: float = LEASE
) -> Callable[[Session, Plan, Sequence[str], RunContext], list[str]]:
    """How `Session.attempt` has a plan done by the workers of ``executor``.

    Args:
        executor: starts them.
        store_url: how workers open the store; "": the SQLite file of the workspace.
        lease: see `Queue`.
    """

    def do(session: Session, plan: Plan, command: Sequence[str], context: RunContext) -> list[str]:
        if all(unit.done for unit in plan.units):
            return []
        place = context.workspace.absolute()
        address = address_of(place)
        settings = WorkerSettings(store_url, place, executor=executor.name, lease=lease, address=address)
        return _Run(executor, session, plan, command, context).do(settings)

    return do


@dataclass
class _Run:
    """One run by workers."""

    executor: Executor
    session: Session
    plan: Plan
    command: Sequence[str]
    context: RunContext
    failures: list[str] = field(default_factory=list)
    said: set[str] = field(default_factory=set)

    def do(self, settings: WorkerSettings) -> list[str]:
        queue = Queue(self.context.store, settings.lease)
        since = queue.now()
        place = settle_place(self.context.workspace)
        with self._workspace_kept(place, since):
            run = self.context.store.begin_run(self.plan.suite.report.name, provenance(self.command, self.context.compute))
            note_built(self.plan, run, self.context)
            job = add_job(self.context.store, self._job(place))
            leave_probe(self.context.workspace, f"job-{job.id}")
            tasks = tasks_of(self.plan, job.request.device)
            try:
                queue.publish(job.id, place, tasks, since)
                self.executor.submit(settings, len(tasks), memory_of(self.plan, self.context.store))
                with stage(self.context.progress, "units", len(tasks), "units"):
                    self._watch(queue, job, tasks, since)
                close_job(self.context.store, job.id)
                self._await_end()
                # What workers elsewhere have made is at the address: reports look for it.
                bring_side_files(self.context.workspace)
            finally:
                # Nothing is taken any more before workers are ended: what they are doing goes back.
                queue.withdraw(job.id)
                close_job(self.context.store, job.id)
                self.executor.cancel()
                remove_probe(self.context.workspace, f"job-{job.id}")
        return self.failures

    @contextmanager
    def _workspace_kept(self, place: str, now: float) -> Iterator[None]:
        """Keep runs in one process out of the workspace; another run by workers may be in it: they share the queue."""
        try:
            with sole_writer(self.context.workspace):
                yield
        except InputError:
            others = [job for job in open_jobs(self.context.store) if job.place == place and job.seen > now - _THERE]
            if not others:
                raise
            yield

    def _job(self, place: str) -> Job:
        return Job(
            id=0,
            place=place,
            workspace=self.context.workspace.absolute(),
            host=platform.node(),
            machine=machine_id(),
            report=self.plan.suite.report.name,
            request=self.session.request,
            command=" ".join(self.command),
            versions=versions_here(),
            seen=0.0,
            closed=False,
        )

    def _watch(self, queue: Queue, job: Job, tasks: Sequence[Task], since: float) -> None:
        """Watch until every unit is done or has failed."""
        waiting = {task.unit.key: task for task in tasks}
        changes = queue.changes(job.place, since)
        repaired = time.monotonic()
        while True:
            for state in next(changes):
                task = waiting.get(state.key)
                if task is None:
                    continue
                if state.state in (DONE, FAILED):
                    del waiting[state.key]
                    self.context.progress.advance(1)
                if state.state == FAILED:
                    self._failed(state.error)
                if state.state == RUNNING:
                    self.context.progress.unit(_place(task.unit))
            if not waiting:
                return
            for ended in self.executor.watch():
                queue.release(ended.name)
                self._say(f"worker {ended.name}: {ended.why}")
            workers = staff(self.context.store, since)
            for worker in workers:
                for line in worker.notes:
                    self._say(f"worker {worker.id} on {worker.host}: {line}")
            self._require_workers(workers, queue.now())
            if time.monotonic() - repaired > _REPAIR:
                repaired = time.monotonic()
                keep_alive(self.context.store, job.id)
                queue.reap()
                queue.unblock(job.place)
                there = queue.known(job.place)
                gone = [task for key, task in waiting.items() if key not in there]
                if gone:
                    queue.publish(job.id, job.place, gone, since)
            time.sleep(PAUSE)

    def _await_end(self) -> None:
        """Let workers find out by themselves that nothing is left."""
        deadline = time.monotonic() + _GRACE
        while self.executor.alive() and time.monotonic() < deadline:
            self.executor.watch()
            time.sleep(PAUSE)

    def _require_workers(self, workers: Sequence[Worker], now: float) -> None:
        """Raise InputError where nobody is left who could do the rest."""
        if self.executor.alive() or any(not worker.ended and worker.seen > now - _THERE for worker in workers):
            return
        reasons = list(dict.fromkeys(worker.ended for worker in workers if worker.ended))
        why = first_of(reasons, 3, "; ") or "none could be started"
        raise InputError(
            f"{self.plan.suite.report.name}: no worker is left: {why}. What was finished is kept: run it again to resume"
        )

    def _failed(self, line: str) -> None:
        if line and line not in self.failures:
            self.failures.append(line)
            self.context.progress.log(f"FAILED {line}")

    def _say(self, line: str) -> None:
        if line not in self.said:
            self.said.add(line)
            self.context.progress.log(line)


def tasks_of(plan: Plan, device: str) -> list[Task]:
    """What is left to do of a plan, as it goes into the queue; ``device``: the kind on which clips are restored and scored."""
    open_units = [unit for unit in plan.units if not unit.done]
    pairs = {(unit.dataset, unit.clip): unit.key for unit in open_units if unit.kind == "pair"}
    restored = {(unit.dataset, unit.clip, unit.method): unit.key for unit in open_units if unit.kind == "restore"}
    found = []
    for position, unit in enumerate(open_units):
        needs = ""
        if unit.kind != "pair":
            needs = pairs.get((unit.dataset, unit.clip), "")
        if unit.kind == "score":
            needs = restored.get((unit.dataset, unit.clip, unit.method), needs)
        wanted = "" if unit.kind == "pair" or device == "cpu" else device
        found.append(Task(unit, position, needs, wanted))
    return found


def _place(unit: Unit) -> str:
    return " ".join(part for part in (unit.kind, unit.method, unit.metric, unit.dataset, unit.clip) if part)
