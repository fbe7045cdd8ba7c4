"""Workers as an array of Slurm jobs, by submitit; a job that is preempted or runs out of time is queued again."""

from __future__ import annotations

import importlib
import os
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from mgld_bench.engine.executors.coordinate import Ended
from mgld_bench.engine.executors.worker import WorkerSettings, new_name, work
from mgld_bench.errors import InputError

FOLDER: Final = ".slurm"
"""The folder of the workspace in which submitit keeps scripts and logs of jobs."""
_STORE: Final = "MGLD_BENCH_STORE"
"""Carries the address of the store to jobs: in their scripts and pickles its password would lie on a disk."""


class SlurmExecutor:
    """``workers`` jobs of one array, with a GPU each where units need one."""

    name = "slurm"

    def __init__(self, on_gpus: bool, workers: int, options: Mapping[str, str], cluster: str = "slurm") -> None:
        """``options``: of sbatch. ``cluster``: slurm, or local: processes of this machine. Raises InputError without either."""
        try:
            self._submitit: Any = importlib.import_module("submitit")
        except ModuleNotFoundError as error:
            raise InputError("--executor slurm: needs submitit: pip install 'mgld-bench[slurm]'") from error
        if cluster == "slurm" and self._submitit.SlurmExecutor.affinity() < 0:
            raise InputError("--executor slurm: there is no sbatch here: start this on a login node of the cluster")
        self._on_gpus, self._workers, self._options, self._cluster = on_gpus, workers, options, cluster
        self._jobs: dict[str, Any] = {}

    def submit(self, settings: WorkerSettings, units: int, memory: int) -> None:
        """See `Executor`."""
        if settings.workspace is None:
            raise AssertionError
        count = min(self._workers, max(units, 1))
        executor = self._submitit.AutoExecutor(folder=settings.workspace / FOLDER, cluster=self._cluster)
        executor.update_parameters(name="mgld-bench", nodes=1, tasks_per_node=1, timeout_min=24 * 60)
        if self._on_gpus:
            executor.update_parameters(gpus_per_node=1)
        if self._options:
            executor.update_parameters(slurm_additional_parameters=dict(self._options))
        os.environ[_STORE] = settings.store
        plain = replace(settings, store="")
        named = [replace(plain, name=f"{new_name()}-{secrets.token_hex(3)}") for _ in range(count)]
        jobs = executor.map_array(_Work(), named)
        self._jobs = {one.name: job for one, job in zip(named, jobs, strict=True)}

    def watch(self) -> Sequence[Ended]:
        """See `Executor`."""
        ended = []
        for name, job in list(self._jobs.items()):
            if not job.done():
                continue
            del self._jobs[name]
            error = job.exception()
            if error is not None:
                ended.append(Ended(name, f"Slurm job {job.job_id} ended as {job.state}; its log: {job.paths.stderr}"))
        return ended

    def alive(self) -> bool:
        """See `Executor`."""
        return bool(self._jobs)

    def cancel(self) -> None:
        """See `Executor`."""
        for job in self._jobs.values():
            job.cancel()


class _Work:
    """In a job: works, and is queued again where Slurm ends it early. What it has to report goes through the store."""

    def __call__(self, settings: WorkerSettings) -> None:
        try:
            work(replace(settings, store=os.environ.get(_STORE, "")), _print_line)
        except InputError as error:
            _print_line(str(error))

    def checkpoint(self, settings: WorkerSettings) -> Any:  # noqa: ANN401 - submitit is an extra
        """What Slurm's signal before the end asks for: the same again."""
        return importlib.import_module("submitit").helpers.DelayedSubmission(self, settings)


def _print_line(line: str) -> None:
    """Into the job's log."""
    print(line, flush=True)
