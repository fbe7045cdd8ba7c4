"""The command line: in this process, which is quick, or in a process of its own."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.cli.main import app


@dataclass(frozen=True)
class Done:
    """What a command has printed, and its exit code."""

    code: int
    out: str
    err: str


def call(*arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Done:
    """Run mgld-bench with these arguments. An unexpected exception is one here too.

    ``cwd`` is the current folder meanwhile, and ``environment`` what is set in place of, or beside, this process's own.
    """
    out, err = io.StringIO(), io.StringIO()
    with _place(cwd, environment or {}), redirect_stdout(out), redirect_stderr(err):
        try:
            app([str(argument) for argument in arguments])
            code = 0
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Done(code, out.getvalue(), err.getvalue())


def process(*arguments: str | Path, cwd: Path | None = None, environment: Mapping[str, str] | None = None) -> Done:
    """The same in a process of its own, which takes seconds: where the program's start, its locks or its signals matter."""
    command = [sys.executable, "-m", "mgld_bench", *map(str, arguments)]
    set_here = {**os.environ, **(environment or {})}
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, cwd=cwd, env=set_here)
    return Done(done.returncode, done.stdout, done.stderr)


@contextmanager
def _place(folder: Path | None, environment: Mapping[str, str]) -> Iterator[None]:
    """The current folder and the environment of a command; afterwards both are as before."""
    here, before = Path.cwd(), dict(os.environ)
    os.environ.update(environment)
    try:
        if folder is not None:
            os.chdir(folder)
        yield
    finally:
        os.chdir(here)
        os.environ.clear()
        os.environ.update(before)
