"""The program in child processes that cost a tenth of a second: forked from one that has loaded everything already.

Run as a script, with the library of failing_calls.c before the C library, it takes one order (a line of JSON) after the other on
its standard input, and answers each with a line.
"""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tests.campaigns.failing_calls import KINDS, every_module, load


@dataclass(frozen=True)
class Fault:
    """Which call fails."""

    kind: str
    number: int
    """From 1; 0: none."""
    errno: int
    lasts: bool
    """Whether all calls of this kind after it fail too, as on a full disk."""


@dataclass(frozen=True)
class Ended:
    """What became of a child."""

    code: int
    out: str
    err: str
    counts: Mapping[str, int]
    """How many calls of each kind there were."""
    failed: int
    """How many of them failed."""


NOTHING: Final = Fault("open", 0, 0, lasts=False)


class Program:
    """The program, loaded once. Use as a context manager."""

    def __init__(self, library: Path) -> None:
        """``library``: failing_calls.c, compiled."""
        root = Path(__file__).parents[2]
        search = os.pathsep.join([str(root), *filter(None, [os.environ.get("PYTHONPATH")])])
        one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **one_thread, "PYTHONPATH": search, "LD_PRELOAD": str(library)},
        )

    def __enter__(self) -> Program:
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._process.communicate()

    def run(self, arguments: Sequence[str], folder: Path, environment: Mapping[str, str], fault: Fault = NOTHING) -> Ended:
        """Run the program with these arguments in ``folder``, where the fault happens to files in it."""
        order = [list(arguments), str(folder), dict(environment), KINDS.index(fault.kind), fault.number, fault.errno, fault.lasts]
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{json.dumps(order)}\n")
        self._process.stdin.flush()
        code, out, err, counts, failed = json.loads(self._process.stdout.readline())
        return Ended(code, out, err, dict(zip(KINDS, counts, strict=True)), failed)


def serve(library: str) -> None:
    """Carry out orders until there are no more."""
    calls = ctypes.CDLL(library)
    load(every_module())
    for line in sys.stdin:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            _carry_out(json.loads(line), calls, writing)
        os.close(writing)
        with os.fdopen(reading) as answer:
            sys.stdout.write(f"{answer.read() or json.dumps([-9, '', 'the child was killed', [0] * len(KINDS), 0])}\n")
        os.waitpid(child, 0)
        sys.stdout.flush()


def _carry_out(order: list[Any], calls: ctypes.CDLL, answer: int) -> None:
    arguments, folder, environment, kind, number, errno, lasts = order
    out, err = (os.memfd_create(name) for name in ("out", "err"))
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(out, 1)
    os.dup2(err, 2)
    os.chdir(folder)
    os.environ.update(environment)
    sys.argv = ["mgld-bench", *arguments]
    calls.arm(os.fsencode(folder), kind, ctypes.c_long(number), errno, int(lasts))
    try:
        code = _call_program()
    finally:
        calls.disarm()
    sys.stdout.flush()
    sys.stderr.flush()
    calls.counted.restype = calls.times_failed.restype = ctypes.c_long
    texts = [_text(file) for file in (out, err)]
    found = [code, *texts, [calls.counted(index) for index in range(len(KINDS))], calls.times_failed()]
    with os.fdopen(answer, "w") as file:
        json.dump(found, file)
    os._exit(0)


def _call_program() -> int:
    from mgld_bench.__main__ import main

    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    except BaseException:  # noqa: BLE001 - as Python does where nobody catches it
        traceback.print_exc()
        return 1
    return 0


def _text(file: int) -> str:
    os.lseek(file, 0, os.SEEK_SET)
    with os.fdopen(file, errors="replace") as text:
        return text.read()


if __name__ == "__main__":
    serve(sys.argv[1])
