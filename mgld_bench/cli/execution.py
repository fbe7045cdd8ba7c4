"""Who does the units of a run: the options of `run`, and the executor that they name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

if TYPE_CHECKING:
    from mgld_bench.engine.executors.coordinate import Executor
    from mgld_bench.engine.session import Session

_NAMES: Final = ("local", "ray", "ray://HOST:PORT", "slurm", "workers")

ExecutorName = Annotated[
    str,
    typer.Option(
        "--executor",
        metavar="NAME",
        help="Who works: local (a process per GPU, or --workers on the CPU), ray, ray://HOST:PORT, slurm, or workers (those that "
        "you start with mgld-bench worker); default: local where --device names several, else this process alone.",
    ),
]
SlurmOptions = Annotated[
    list[str] | None,
    typer.Option(
        "--slurm", metavar="KEY=VALUE", help="An option of sbatch, such as partition=gpu; may be repeated; default: Slurm's own."
    ),
]
Devices = Annotated[
    str,
    typer.Option(
        "--device",
        help="cpu, cuda or cuda:1; several, as cuda:0,cuda:1, or all GPUs, with a process each; default: cuda where there is "
        "one, else cpu.",
    ),
]


def chosen_devices(text: str) -> tuple[str, ...]:
    """The devices of ``--device``; none where none is named."""
    if "," not in text and text != "all":
        return (text,) if text else ()
    from mgld_bench.engine.executors.local import devices_here

    return devices_here(text)


def on_other_machines(name: str) -> bool:
    """Whether an executor has the work done where this process is not."""
    return name not in ("", "local")


def executing(
    name: str, devices: Sequence[str], workers: int, store: str, slurm: Sequence[str]
) -> Callable[[Session, Any, Sequence[str], Any], list[str]] | None:
    """How a session has its plan done; None: by this process alone. Raises InputError for an executor that cannot be used."""
    from mgld_bench.errors import InputError, did_you_mean

    name = name or ("local" if len(devices) > 1 else "")
    if slurm and name != "slurm":
        raise typer.BadParameter("is for --executor slurm", param_hint="--slurm")
    if not name:
        return None
    from mgld_bench.engine.executors.coordinate import NoExecutor, run_by_workers

    chosen: Executor
    if name == "local":
        from mgld_bench.engine.executors.local import LocalExecutor

        chosen = LocalExecutor(devices or _default(), workers)
    elif name == "ray" or name.startswith("ray://"):
        from mgld_bench.engine.executors.ray_cluster import RayExecutor

        chosen = RayExecutor("" if name == "ray" else name, _on_gpus(devices), workers)
    elif name == "slurm":
        from mgld_bench.engine.executors.slurm import SlurmExecutor

        if not store:
            raise InputError(
                "--executor slurm: several machines need a store that they can share: give a PostgreSQL database with --store"
            )
        chosen = SlurmExecutor(_on_gpus(devices), workers, _options(slurm))
    elif name == "workers":
        chosen = NoExecutor()
    else:
        hint = did_you_mean(name, _NAMES, f"use one of {', '.join(_NAMES)}")
        raise InputError(f"--executor {name}: there is none; {hint}")
    return run_by_workers(chosen, store)


def _default() -> tuple[str, ...]:
    from mgld_bench.engine.machine import best_device

    return (best_device(),)


def _on_gpus(devices: Sequence[str]) -> bool:
    return (devices or _default())[0] != "cpu"


def _options(texts: Sequence[str]) -> dict[str, str]:
    found = {}
    for text in texts:
        key, equals, value = text.partition("=")
        if not equals or not key:
            raise typer.BadParameter(f"{text!r}: write KEY=VALUE", param_hint="--slurm")
        found[key.lstrip("-").replace("-", "_")] = value
    return found
