"""Running a program over one staged clip, with its output in a log; none of its processes outlives this."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from mgld_bench.errors import InputError
from mgld_bench.methods.programs.command import Command

_LAST_LINES = 3
"""Lines of output that stand in an error message."""


class End(BaseModel):
    """How a program ended, as the supervisor writes it."""

    model_config = ConfigDict(frozen=True)

    reason: str
    """What the supervisor ended it for: "time", "memory"; "" where it ended by itself."""
    code: int
    """Its exit code; negative: the signal that ended it."""
    left: int
    """Processes that it left behind, and that were ended."""
    memory: int
    """Bytes: the most that its processes had resident together."""
    gpu_memory: int | None
    """Bytes of GPU memory, as the driver counts it; None where that is not known."""


@dataclass(frozen=True)
class Limits:
    """What a program may take for one clip."""

    seconds: float | None
    memory: int | None
    """Bytes, of all its processes."""


def run_program(command: Command, stage: Path, log: Path, limits: Limits, gpu: bool) -> End:
    """Run ``command``; returns when every process of it has ended.

    Interrupted or killed at any moment, nothing of the program stays: neither processes nor, after a kill, the stage.

    Args:
        command: what to execute.
        stage: the temporary folder of this run.
        log: the file that takes its output.
        limits: of time and memory.
        gpu: whether to ask the driver for its GPU memory.

    Raises:
        InputError: it cannot be started, fails, or breaks a limit; the message names the log.
    """
    spec, end = stage / "spec.json", stage / "end.json"
    content = {
        "arguments": command.arguments,
        "folder": str(command.folder),
        "variables": dict(command.variables),
        "afterwards": command.afterwards,
        "stage": str(stage),
        "log": str(log),
        "end": str(end),
        "time_limit": limits.seconds,
        "memory_limit": limits.memory,
        "gpu": gpu,
    }
    spec.write_text(json.dumps(content), encoding="utf-8")
    log.parent.mkdir(parents=True, exist_ok=True)
    supervisor = subprocess.Popen(  # noqa: S603
        [sys.executable, "-m", "mgld_bench.methods.programs.supervisor", str(spec)],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        complaint = supervisor.stderr.read() if supervisor.stderr else b""
        supervisor.wait()
    except BaseException:
        _abandon(supervisor)
        raise
    _abandon(supervisor)
    if not end.exists():
        reason = complaint.decode(errors="replace").strip().splitlines()
        raise InputError(f"{command.arguments[0]}: cannot be run: {reason[-1] if reason else 'its supervisor was killed'}")
    ended = End.model_validate_json(end.read_bytes())
    _check(ended, command, log, limits)
    return ended


def _abandon(supervisor: subprocess.Popen[bytes]) -> None:
    """Cut the lifeline, and wait until everything has ended."""
    if supervisor.stdin is not None:
        supervisor.stdin.close()
    supervisor.wait()
    if supervisor.stderr is not None:
        supervisor.stderr.close()


def _check(end: End, command: Command, log: Path, limits: Limits) -> None:
    program = Path(command.arguments[0]).name
    if end.reason == "time":
        raise InputError(f"{program} did not end within the {limits.seconds:g} s that its card allows; its output: {log}")
    if end.reason == "memory" and limits.memory is not None:
        most = limits.memory / (1 << 30)
        raise InputError(f"{program} took more than the {most:g} GiB that its card allows; its output: {log}")
    if end.code:
        how = f"exit code {end.code}" if end.code > 0 else f"ended by signal {-end.code}"
        last = _last_lines(log)
        raise InputError(f"{program} failed ({how}){': ' if last else ''}{last}; its output: {log}")


def _last_lines(log: Path) -> str:
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4000))
        text = file.read().decode(errors="replace")
    lines = ["".join(letter for letter in line if letter.isprintable()).strip() for line in text.splitlines()]
    return " | ".join([line for line in lines if line][-_LAST_LINES:])
