"""A worker: takes units of a store, one claim after the other, until there are none."""

from __future__ import annotations

import os
import platform
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mgld_bench.engine.address import workspace_folder
from mgld_bench.engine.executors.bench import Bench
from mgld_bench.engine.executors.claiming import Claim
from mgld_bench.engine.executors.heartbeat import Doing, heartbeat
from mgld_bench.engine.executors.job import Job, open_jobs
from mgld_bench.engine.executors.probe import probe, remove_probe
from mgld_bench.engine.executors.queue import LEASE, Queue
from mgld_bench.engine.executors.staff import Worker, note, report_in, sign_off, sign_on
from mgld_bench.engine.machine import best_device
from mgld_bench.engine.place import machine_id
from mgld_bench.engine.store import Store, open_store
from mgld_bench.errors import InputError, contained, first_of
from mgld_bench.threads import use_threads

PAUSE: Final = 0.5
"""Seconds between two looks at a queue in which nothing is ready."""
_CPU: Final = "cpu"


@dataclass(frozen=True)
class WorkerSettings:
    """What a worker is told when it is started. Plain data: it travels to other processes and machines."""

    store: str
    """URL; "": the workspace's own SQLite file."""
    workspace: Path | None = None
    """None: where each job says."""
    device: str = ""
    """A torch device; "": cuda where there is one, else cpu."""
    executor: str = "worker"
    wait: float = 0.0
    """Seconds to wait for units where there are none."""
    lease: float = LEASE
    name: str = ""
    """Under which its executor knows it; "": one that nobody else has."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Set before anything is computed, such as CUDA_VISIBLE_DEVICES."""
    address: str = ""
    """Of the workspace, where it is at one: every machine has a folder of its own for it; ``workspace`` is that of the run."""

    @property
    def kind(self) -> str:
        """The kind of its device."""
        return self.device.partition(":")[0]


def new_name() -> str:
    """A name that no other worker has."""
    return f"{platform.node()}-{os.getpid()}-{secrets.token_hex(3)}"


def work(settings: WorkerSettings, log: Callable[[str], None]) -> int:
    """Take units until there are none; returns how many were done.

    Raises:
        InputError: units wait, and none of them can be done here, with the reasons.
    """
    os.environ.update(settings.environment)
    if settings.address:
        settings = replace(settings, workspace=workspace_folder(settings.address))
    with open_store(settings.store, settings.workspace or Path("workspace"), create=True) as store:
        store.log_to(log)
        worker = _Worker(store, settings, log)
        why = "interrupted"
        try:
            done = worker.work()
            why = worker.refusals or "nothing left to do"
        except Exception as error:
            why = str(contained(error, "the worker"))
            raise
        finally:
            worker.leave(why)
    return done


class _Worker:
    """One worker and the jobs that it knows."""

    def __init__(self, store: Store, settings: WorkerSettings, log: Callable[[str], None]) -> None:
        self._store, self._settings, self._log = store, settings, log
        self._device = settings.device or best_device()
        self._queue = Queue(store, settings.lease)
        self._doing = Doing()
        self._name = settings.name or new_name()
        self._jobs: dict[int, Job] = {}
        self._benches: dict[int, Bench] = {}
        self._refused: dict[int, str] = {}
        self._reaped = 0.0
        self._seen = 0.0

    def work(self) -> int:
        """See `work`."""
        sign_on(
            self._store,
            Worker(
                id=self._name,
                host=platform.node(),
                machine=machine_id(),
                pid=os.getpid(),
                device=self._device,
                executor=self._settings.executor,
                started=0.0,
                seen=0.0,
                doing="",
                notes=(),
                ended="",
            ),
        )
        count = 0
        patience = time.monotonic() + self._settings.wait
        while True:
            self._look_around()
            claim = self._queue.claim(self._name, [job for job in self._jobs if job not in self._refused], self._kinds)
            if claim is not None:
                count += self._do(claim)
                patience = time.monotonic() + self._settings.wait
            elif not self._anything_left() and time.monotonic() >= patience:
                if not count and self._refused:
                    raise InputError(self.refusals)
                return count
            else:
                self._report(PAUSE * 10)
                time.sleep(PAUSE)

    def leave(self, why: str) -> None:
        """Take leave: what this worker had claimed goes back, its files go."""
        for job in self._jobs.values():
            remove_probe(self._workspace(job), self._name)
        self._queue.release(self._name)
        sign_off(self._store, self._name, why)

    @property
    def refusals(self) -> str:
        """Why units cannot be done here, in one line; "" where all could."""
        return first_of(list(dict.fromkeys(self._refused.values())), 3, "; ")

    @property
    def _kinds(self) -> tuple[str, ...]:
        kind = self._device.partition(":")[0]
        return ("",) if kind == _CPU else (kind, "")

    def _workspace(self, job: Job) -> Path:
        return self._settings.workspace or job.workspace

    def _look_around(self) -> None:
        """Learn of new jobs, and now and then put back what others have lost."""
        now = time.monotonic()
        if now - self._reaped < PAUSE and self._jobs:
            return
        self._reaped = now
        self._queue.reap()
        there = {job.id: job for job in open_jobs(self._store)}
        for number in set(self._jobs) - set(there):
            # Its run has ended: nobody asks for its units any more.
            del self._jobs[number]
            self._benches.pop(number, None)
        for number, job in there.items():
            if number not in self._jobs:
                self._jobs[number] = job
                self._meet(job)

    def _meet(self, job: Job) -> None:
        """Find out whether a job's units can be done here; what differs is said before any work."""
        findings = probe(self._store, job, self._workspace(job), self._name)
        notes = list(findings.notes)
        if self._device != _CPU and not findings.reasons:
            from mgld_bench.engine.executors.canary import check_canary

            odd = check_canary(self._store, self._device, platform.node())
            notes += [odd] if odd else []
        if findings.reasons:
            self._refuse(job.id, "; ".join(findings.reasons))
        for line in notes:
            self._log(f"warning: {line}")
        if notes:
            note(self._store, self._name, notes)

    def _refuse(self, job: int, why: str) -> None:
        self._refused[job] = why
        self._log(f"job {job} is not done here: {why}")
        note(self._store, self._name, [f"takes no units of {self._jobs[job].report}: {why}"])

    def _anything_left(self) -> bool:
        return self._queue.any_open(job for job in self._jobs if job not in self._refused)

    def _do(self, claim: Claim) -> int:
        """Do a claim, and keep what it comes to; returns how many units were done."""
        with heartbeat(self._store, self._queue, claim, self._doing, self._settings.lease / 4):
            try:
                bench = self._bench(claim)
                why_not = bench.why_not(claim)
            except InputError as error:
                why_not = str(error)
            if not why_not:
                outcome = bench.do(claim)
                run = bench.run if outcome.finished else 0
        if why_not:
            self._queue.give_back(claim)
            self._refuse(claim.job, why_not)
            return 0
        kept = self._queue.finish(claim, run, outcome.finished, outcome.failed)
        if self._doing.lines:
            note(self._store, self._name, self._doing.lines)
            self._doing.lines.clear()
        for line in dict.fromkeys(outcome.failed.values()):
            self._log(f"FAILED {line}")
        if outcome.finished and kept:
            self._log(f"{claim.text}: done")
        if not kept:
            self._log(f"{claim.text}: its lease was lost, and it was given to another worker")
        self._seen = time.monotonic()
        return len(outcome.finished) if kept else 0

    def _bench(self, claim: Claim) -> Bench:
        if claim.job not in self._benches:
            job = self._jobs[claim.job]
            use_threads(job.request.threads)
            device = self._device if job.request.device != _CPU else _CPU
            self._benches[claim.job] = Bench(job, self._workspace(job), device, self._store, self._doing)
        return self._benches[claim.job]

    def _report(self, interval: float) -> None:
        """Report to the store that this worker is there, unless that was done within ``interval`` seconds."""
        if time.monotonic() - self._seen >= interval:
            self._seen = time.monotonic()
            report_in(self._store, self._name, self._doing.text)
