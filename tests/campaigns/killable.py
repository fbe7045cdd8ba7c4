"""The program in child processes that can be killed, forked from one that has loaded everything: they begin at once.

Run as a script, it takes one order (a line of JSON) after the other on its standard input, answers with the number of the process
that carries it out, and with its exit code once that has ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import random
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import psutil

from tests.campaigns.failing_calls import KINDS, every_module, load

Victim = Literal["program", "child", "all"]
"""Who is killed: the program alone; one of its children (ffmpeg, a worker), where it has any; all of them at once."""
VICTIMS: Final[tuple[Victim, ...]] = ("program", "child", "all")
_MARK: Final = "MGLD_BENCH_TEST_TRIAL"
"""In the environment of a trial's processes."""
_USUAL: Final = (
    *("mgld_bench.cli.main", "mgld_bench.engine.run", "mgld_bench.engine.session", "mgld_bench.engine.restore_folders"),
    *("mgld_bench.engine.score_folders", "mgld_bench.methods.bicubic", "mgld_bench.methods.results", "mgld_bench.cli.weights"),
    *("mgld_bench.report.write", "scipy.sparse", "scipy.special", "mgld_bench.metrics.fidelity.vmaf"),
)
"""What verbs without networks import."""
_PATIENCE: Final = 15.0
"""Seconds after which processes that outlive the program are orphans."""


@dataclass(frozen=True)
class Ended:
    """What became of the program."""

    code: int
    """-9: killed."""
    errors: str
    seconds: float
    killed: str
    """Who was killed: "", or the name of its program."""
    calls: tuple[int, ...] = ()
    """With the library: how many calls of each kind on files there were, as long as the program was not killed."""


class Program:
    """The program, loaded once. Use as a context manager."""

    def __init__(self, everything: bool, library: Path | None = None) -> None:
        """Load it.

        Args:
            everything: also what computes with networks, which takes seconds more.
            library: failing_calls.c, compiled, which counts calls on files, and can kill before one.
        """
        root = Path(__file__).parents[2]
        search = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        preloaded = {} if library is None else {"LD_PRELOAD": str(library)}
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": search, **preloaded}
        self._library = library
        command = [sys.executable, __file__, *(["everything"] if everything else [])]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self._trials = 0

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(
        self,
        arguments: Sequence[str],
        folder: Path,
        home: Path,
        after: float | None = None,
        victim: Victim = "program",
        crash: tuple[int, int] = (-1, 0),
    ) -> Ended:
        """Run the program with these arguments in ``folder``.

        Somebody is killed after so many seconds, unless it is done by then; or with the library the program itself, before that
        call of a kind on a file: ``crash``.

        Fails where a process is still there a while after the program has ended.
        """
        self._trials += 1
        mark, errors = f"{os.getpid()}-{self._trials}", folder / "errors.txt"
        began = time.monotonic()
        environment = {_MARK: mark, "MGLD_BENCH_HOME": str(home)}
        library = None if self._library is None else [str(self._library), *crash]
        number = int(self._ask([list(arguments), str(folder), environment, str(errors), library]))
        killed = "" if after is None else _kill(number, victim, began + after)
        code = int(self._answer())
        seconds = time.monotonic() - began
        orphans = _wait_for_orphans(mark)
        assert not orphans, f"{arguments}: still there after it ended: {orphans}"
        text = errors.read_text(errors="replace") if errors.exists() else ""
        errors.unlink(missing_ok=True)
        counted = folder / "calls.txt"
        calls = tuple(map(int, counted.read_text().split())) if counted.exists() else ()
        counted.unlink(missing_ok=True)
        return Ended(code, text, seconds, killed, calls)

    def _ask(self, order: object) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


def drawn_victim(draw: random.Random) -> Victim:
    """Mostly the program, which is what crashes and what the system kills where memory is short."""
    return draw.choices(VICTIMS, (2, 1, 1))[0]


def _kill(number: int, victim: Victim, moment: float) -> str:
    program = psutil.Process(number)
    while (left := moment - time.monotonic()) > 0:
        if _ended(program):
            return ""
        time.sleep(min(left, 0.01))
    if victim == "child":
        # The next one that it starts, where it has none now.
        while not (children := _children(program)):
            if _ended(program):
                return ""
            time.sleep(0.002)
        chosen = [random.Random(number).choice(children)]
    else:
        chosen = [program, *(_children(program) if victim == "all" else [])]
    name = ""
    for process in chosen:
        with contextlib.suppress(psutil.NoSuchProcess):
            name = name or process.name()
            process.kill()
    return name


def _ended(process: psutil.Process) -> bool:
    try:
        return process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def _children(process: psutil.Process) -> list[psutil.Process]:
    """All but Python's own tracker of semaphores, whose successor prints errors of its own."""
    try:
        return [child for child in process.children(recursive=True) if "resource_tracker" not in " ".join(child.cmdline())]
    except psutil.Error:
        return []


def _wait_for_orphans(mark: str) -> list[str]:
    until = time.monotonic() + _PATIENCE
    while (there := _marked(mark)) and time.monotonic() < until:
        time.sleep(0.02)
    return there


def _marked(mark: str) -> list[str]:
    found = []
    for process in psutil.process_iter():
        try:
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline())[:200])
        except psutil.Error:
            continue
    return found


def serve(everything: bool) -> None:
    """Carry out orders until there are no more."""
    load(every_module() if everything else list(_USUAL))
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            _carry_out(json.loads(line))
        sys.stdout.write(f"{child}\n")
        sys.stdout.flush()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _carry_out(order: list[Any]) -> None:
    """In the child, which ends with the program's exit code."""
    arguments, folder, environment, errors, library = order
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    os.dup2(os.open(errors, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), 2)
    os.chdir(folder)
    # Through exec where it matters: /proc shows the environment with which a process began.
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.argv = ["mgld-bench", *arguments]
    code, calls = 1, None
    if library is not None:
        file, kind, number = library
        calls = ctypes.CDLL(file)
        calls.arm(os.fsencode(folder), kind, ctypes.c_long(number), -signal.SIGKILL, 0)
    try:
        from mgld_bench.__main__ import main

        main()
        code = 0
    except SystemExit as ended:
        code = int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - as Python does where nobody catches it
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        if calls is not None:
            calls.disarm()
            calls.counted.restype = ctypes.c_long
            Path(folder, "calls.txt").write_text(" ".join(str(calls.counted(kind)) for kind in range(len(KINDS))))
        os._exit(code)


if __name__ == "__main__":
    serve(everything="everything" in sys.argv)
