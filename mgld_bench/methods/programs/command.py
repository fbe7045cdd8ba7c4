"""The command line of a program: with its placeholders filled, in the environment that its card names."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.errors import InputError
from mgld_bench.home import expanded
from mgld_bench.methods.programs.options import ProgramOptions, filled

_CLIP, _PROGRAM, _WEIGHTS = "/clip", "/program", "/weights"
"""Where a container sees the clip's folder, the program's folder, and the folder of each weight file."""
_OURS = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX")
"""Variables of the caller's environment that would reach into a different one."""


@dataclass(frozen=True)
class Command:
    """What is executed, without a shell."""

    arguments: tuple[str, ...]
    folder: Path
    """In which it runs."""
    variables: Mapping[str, str]
    """Its whole environment."""
    afterwards: tuple[str, ...] = ()
    """A command that ends what killing its processes does not reach; () where there is nothing."""


def command(
    options: ProgramOptions, stage: Path, values: Mapping[str, str], weights: Mapping[str, Path], device: str, token: str
) -> Command:
    """The command for one clip.

    Args:
        options: of the card; ``folder`` is resolved already.
        stage: the temporary folder in which the clip and the result are.
        values: of the placeholders, but for weights; lr and out are below ``stage``.
        weights: file by role.
        device: as a `Compute` names it.
        token: a name that nothing else on this machine has.

    Raises:
        InputError: the program or the environment is not there, or a placeholder stands for nothing.
    """
    folder = Path(options.folder) if options.folder else stage / "work"
    variables = {name: value for name, value in os.environ.items() if name not in _OURS}
    variables |= _visible_gpus(device) | options.environment.variables
    if options.environment.docker:
        return _in_container(options, stage, values, weights, device, token, folder, variables)
    everything = {**values, **{role: str(file) for role, file in weights.items()}}
    arguments = tuple(filled(argument, everything) for argument in options.command)
    if options.environment.conda:
        return Command((*_conda(options.environment.conda), *arguments), folder, variables)
    if options.environment.venv:
        environment = folder / expanded(Path(options.environment.venv))
        if not (environment / "bin").is_dir():
            raise InputError(f"{environment}: is no virtual environment (no folder bin); create it as the card's notes state")
        variables |= {"VIRTUAL_ENV": str(environment), "PATH": f"{environment / 'bin'}{os.pathsep}{variables.get('PATH', '')}"}
    return Command((_found(arguments[0], folder, variables), *arguments[1:]), folder, variables)


def shown(options: ProgramOptions) -> str:
    """What a card would execute, in one line, for somebody who decides whether to trust it."""
    environment = options.environment
    where = [f"{kind} {name}" for kind in ("conda", "venv", "docker") if (name := getattr(environment, kind))]
    variables = [f"{name}={value}" for name, value in environment.variables.items()]
    place = f" in {options.folder}" if options.folder else ""
    return " ".join([*variables, *options.command]) + place + (f", with {where[0]}" if where else "")


def _found(program: str, folder: Path, variables: Mapping[str, str]) -> str:
    """The file of ``program``; with a slash in it, from its folder."""
    if "/" in program:
        place = folder / expanded(Path(program))
        if not os.access(place, os.X_OK) or place.is_dir():
            raise InputError(f"{place}: is not a program that can be executed")
        return str(place)
    found = shutil.which(program, path=variables.get("PATH"))
    if found is None:
        raise InputError(f"{program}: no such program; install it, or name its environment in the card")
    return found


def _conda(environment: str) -> tuple[str, ...]:
    tool = next((found for name in ("conda", "mamba", "micromamba") if (found := shutil.which(name))), None)
    if tool is None:
        raise InputError(f"conda environment {environment}: neither conda nor mamba nor micromamba is installed")
    live = () if Path(tool).name == "micromamba" else ("--no-capture-output",)
    return (tool, "run", *live, "-p" if "/" in environment else "-n", str(expanded(Path(environment))))


def _visible_gpus(device: str) -> dict[str, str]:
    """What lets a program see the GPU that was asked for, and no other."""
    kind, _, index = device.partition(":")
    if kind != "cuda":
        return {"CUDA_VISIBLE_DEVICES": ""}
    seen = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")
    if not index:
        return {}
    return {"CUDA_VISIBLE_DEVICES": seen[int(index)] if int(index) < len(seen) and seen[0] else index}


def _in_container(
    options: ProgramOptions,
    stage: Path,
    values: Mapping[str, str],
    weights: Mapping[str, Path],
    device: str,
    token: str,
    folder: Path,
    variables: Mapping[str, str],
) -> Command:
    tool = next((found for name in ("docker", "podman") if (found := shutil.which(name))), None)
    if tool is None:
        raise InputError(f"image {options.environment.docker}: neither docker nor podman is installed")
    inside = {name: value.replace(str(stage), _CLIP, 1) for name, value in values.items()}
    inside |= {role: f"{_WEIGHTS}/{role}/{file.name}" for role, file in weights.items()}
    mounts = [f"{stage}:{_CLIP}", f"{folder}:{_PROGRAM}"]
    mounts += [f"{file.parent}:{_WEIGHTS}/{role}:ro" for role, file in weights.items()]
    gpus = variables.get("CUDA_VISIBLE_DEVICES")
    access = ["--gpus", f"device={gpus}" if gpus else "all"] if device.startswith("cuda") else []
    arguments = [
        tool,
        "run",
        "--rm",
        "--init",
        "--name",
        token,
        "--user",
        f"{os.getuid()}:{os.getgid()}",
        "-w",
        _PROGRAM,
        *access,
    ]
    arguments += [part for mount in mounts for part in ("-v", mount)]
    arguments += [part for name, value in options.environment.variables.items() for part in ("-e", f"{name}={value}")]
    arguments += [options.environment.docker, *(filled(argument, inside) for argument in options.command)]
    return Command(tuple(arguments), folder, variables, (tool, "kill", token))
