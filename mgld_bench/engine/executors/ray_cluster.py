"""Workers as tasks of a Ray cluster: one per GPU of the cluster, others on its CPUs; nodes may come and go."""

from __future__ import annotations

import importlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from mgld_bench.engine.executors.coordinate import Ended
from mgld_bench.engine.executors.worker import WorkerSettings, new_name, work
from mgld_bench.errors import InputError, broken

LOSSES: Final = 20
"""So many lost workers end a run: the cluster does not hold."""
_LOOK: Final = 5.0
"""Seconds between two looks at what the cluster has."""


@dataclass(frozen=True)
class _Place:
    """What a worker asks the cluster for."""

    gpus: int
    settings: WorkerSettings


class RayExecutor:
    """Workers on a Ray cluster: on a node that has a GPU to give, or ``workers`` of them with a CPU each."""

    name = "ray"

    def __init__(self, address: str, on_gpus: bool, workers: int = 1) -> None:
        """``address`` "": that of this machine or of $RAY_ADDRESS, or a new one. Raises InputError where Ray is not installed."""
        try:
            self._ray: Any = importlib.import_module("ray")
        except ModuleNotFoundError as error:
            raise InputError("--executor ray: needs Ray: pip install 'mgld-bench[ray]'") from error
        self._on_gpus, self._workers = on_gpus, workers
        self._running: dict[Any, _Place] = {}
        self._losses = 0
        self._looked = 0.0
        self._address, self._own = address, False
        self._settings: WorkerSettings | None = None
        self._most = 0
        self._memory = 0
        self._known: dict[int, int] = {}

    def submit(self, settings: WorkerSettings, units: int, memory: int) -> None:
        """See `Executor`."""
        self._settings, self._most, self._memory = settings, max(units, 1), memory
        self._connect()
        self._fill()

    def watch(self) -> Sequence[Ended]:
        """See `Executor`."""
        ended = []
        ready, _ = self._ray.wait(list(self._running), num_returns=len(self._running), timeout=0) if self._running else ([], [])
        for reference in ready:
            place = self._running.pop(reference)
            try:
                self._ray.get(reference)
            except self._ray.exceptions.RayError as error:
                self._losses += 1
                ended.append(Ended(place.settings.name, f"was lost with its node or process ({type(error).__name__})"))
                if self._losses < LOSSES:
                    self._start(place)
        if time.monotonic() - self._looked > _LOOK:
            self._fill()
        return ended

    def alive(self) -> bool:
        """See `Executor`."""
        return bool(self._running)

    def cancel(self) -> None:
        """See `Executor`."""
        for reference in self._running:
            self._ray.cancel(reference, force=True)
        if self._running:
            self._ray.wait(list(self._running), num_returns=len(self._running), timeout=10)
        if self._own:
            self._ray.shutdown()

    def _connect(self) -> None:
        """Connect to the cluster, or start one here. Raises InputError where that cannot be."""
        self._own = not self._ray.is_initialized()
        if not self._own:
            return
        try:
            self._ray.init(address=self._address or None, log_to_driver=False, logging_level="ERROR", configure_logging=False)
        except broken() as error:
            # Ray raises exceptions of many kinds, and plain ones.
            reason = " ".join(str(error).split())
            raise InputError(
                f"--executor {self._address or 'ray'}: no Ray cluster answers or can be started: {reason}"
            ) from error

    def _fill(self) -> None:
        """Start a worker for every GPU that the cluster has, also those that have joined since; or so many on CPUs."""
        if self._settings is None:
            return
        self._looked = time.monotonic()
        gpus = int(self._ray.cluster_resources().get("GPU", 0))
        wanted = {1: gpus if self._on_gpus else 0, 0: self._workers}
        for kind, count in wanted.items():
            there = sum(place.gpus == kind for place in self._running.values())
            room = self._most - len(self._running)
            # Those that have ended found nothing left: only what has joined is new.
            for _ in range(min(count - there, room) if self._first(kind, count) else 0):
                self._start(_Place(kind, replace(self._settings, device="" if kind else "cpu")))

    def _first(self, kind: int, count: int) -> bool:
        known = self._known.get(kind, 0)
        self._known[kind] = max(known, count)
        return count > known

    def _start(self, place: _Place) -> None:
        named = _Place(place.gpus, replace(place.settings, name=f"{new_name()}-{secrets.token_hex(3)}"))
        asked = {"num_cpus": 1, "num_gpus": place.gpus, "memory": self._memory_of(place)}
        task = self._ray.remote(_work).options(**asked, max_retries=0)
        self._running[task.remote(named.settings)] = named

    def _memory_of(self, place: _Place) -> int:
        """Bytes to ask for: nothing for who only builds pairs beside GPUs, and never more than the largest node has."""
        if self._on_gpus and not place.gpus:
            return 0
        there = [node["Resources"].get("memory", 0) for node in self._ray.nodes() if node["Alive"]]
        return int(min(self._memory, max(there, default=0)))


def _work(settings: WorkerSettings) -> None:
    """On a node: what there is to report goes through the store, to the run that has started it."""
    try:
        work(settings, _say_nothing)
    except InputError:
        # The store has the reason.
        return


def _say_nothing(_line: str) -> None:
    """Print nothing."""
