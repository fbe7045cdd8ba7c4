"""Workers as processes of this machine: one per GPU, others for what needs none."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from mgld_bench.engine.executors.coordinate import Ended
from mgld_bench.engine.executors.worker import WorkerSettings, new_name, work
from mgld_bench.errors import InputError
from mgld_bench.processes import WorkerProcess, prepare_worker

RESTARTS: Final = 5
"""How often a process that was killed is started again."""
_PATIENCE: Final = 10.0
"""Seconds that a process gets to end."""


def devices_here(text: str) -> tuple[str, ...]:
    """The devices of ``--device``: one, several separated by commas, or ``all`` GPUs. Raises InputError where that cannot be."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))
    if names == ("all",):
        import torch

        if not torch.cuda.is_available():
            raise InputError("--device all: PyTorch finds no CUDA GPU here; use cpu")
        return tuple(f"cuda:{index}" for index in range(torch.cuda.device_count()))
    kinds = {name.partition(":")[0] for name in names}
    if len(kinds) > 1:
        raise InputError(f"--device {text}: devices of one kind only: different kinds give different numbers")
    return names


def seen_as(device: str) -> dict[str, str]:
    """The environment in which a GPU is the only one: ``cuda:1`` of those that this process sees; {} for what is no such GPU."""
    kind, _, index = device.partition(":")
    if kind != "cuda" or not index:
        return {}
    visible = [name.strip() for name in os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",") if name.strip()]
    return {"CUDA_VISIBLE_DEVICES": visible[int(index)] if visible else index}


@dataclass
class _Slot:
    """A place for one process at a time."""

    settings: WorkerSettings
    process: WorkerProcess
    restarts: int = 0
    over: bool = False
    """Whether no process is started here any more."""


class LocalExecutor:
    """A process per device, and ``workers`` on the CPU: beside GPUs for what needs none."""

    name = "local"

    def __init__(self, devices: Sequence[str], workers: int = 1) -> None:
        """``devices``: cuda:0, cuda:1 …; or cpu alone."""
        gpus = [device for device in devices if device != "cpu"]
        self._devices = [*gpus, *["cpu"] * workers]
        self._slots: list[_Slot] = []

    def submit(self, settings: WorkerSettings, units: int, memory: int) -> None:
        """See `Executor`."""
        for device in self._devices[: max(units, 1)]:
            environment = seen_as(device)
            # Alone with one GPU, that is its first.
            mine = replace(settings, device="cuda" if environment else device, environment=environment)
            self._slots.append(_Slot(*_started(mine)))

    def watch(self) -> Sequence[Ended]:
        """See `Executor`."""
        ended = []
        for slot in self._slots:
            if slot.over or slot.process.exitcode is None:
                continue
            if slot.process.exitcode:
                ended.append(Ended(slot.settings.name, _why(slot.process.exitcode)))
            # What ends by itself has found that there is nothing to do, or that it cannot do it.
            if slot.process.exitcode >= 0 or slot.restarts >= RESTARTS:
                slot.over = True
                continue
            slot.restarts += 1
            slot.settings, slot.process = _started(slot.settings)
        return ended

    def alive(self) -> bool:
        """See `Executor`."""
        return any(not slot.over for slot in self._slots)

    def cancel(self) -> None:
        """See `Executor`."""
        for slot in self._slots:
            slot.over = True
            slot.process.terminate()
        for slot in self._slots:
            slot.process.join(_PATIENCE)
            if slot.process.is_alive():
                slot.process.kill()
                slot.process.join()


def _started(settings: WorkerSettings) -> tuple[WorkerSettings, WorkerProcess]:
    named = replace(settings, name=f"{new_name()}-{secrets.token_hex(3)}")
    process = WorkerProcess(target=_work, args=(named,))
    process.start()
    return named, process


def _work(settings: WorkerSettings) -> None:
    """In the process: what it has to report goes through the store, to the run that has started it."""
    prepare_worker(None)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        work(settings, _say_nothing)
    except InputError:
        # The store has the reason.
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


def _say_nothing(_line: str) -> None:
    """Print nothing."""


def _why(code: int) -> str:
    if code < 0:
        return f"was killed by {signal.Signals(-code).name}{' (out of memory?)' if -code == signal.SIGKILL else ''}"
    return f"ended with exit code {code}"
