"""Work on many inputs in forked children, with limits of time and memory: what is neither a result nor an error is found."""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mgld_bench.errors import CheckError, InputError

SECONDS: Final = 60
MEMORY: Final = 2 << 30
"""Bytes beyond what the process has already."""
LONGEST: Final = 4100
"""Characters of a message."""


@dataclass(frozen=True)
class Finding:
    """An input on which the program did something wrong."""

    number: int
    what: str


@dataclass
class Tally:
    """What became of the inputs."""

    accepted: int = 0
    refused: int = 0
    slowest: float = 0.0
    largest: int = 0
    """Bytes that the work has added to a process at most, or taken in a program that it started."""
    findings: tuple[Finding, ...] = ()


def work(jobs: Sequence[Callable[[], object]], tally: Tally) -> None:
    """Do every job in a child; a child that dies is the finding of the job that it was at, and the next one goes on."""
    done = 0
    while done < len(jobs):
        done = _in_child(jobs, done, tally)


def _in_child(jobs: Sequence[Callable[[], object]], first: int, tally: Tally) -> int:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        code = 1
        try:
            os.close(reading)
            _work(jobs, first, writing)
            code = 0
        finally:
            os._exit(code)
    os.close(writing)
    done = first
    buffered, over, deadline = b"", False, time.monotonic() + SECONDS + 10
    while not over:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(reading, 65536) if ready else b""
        buffered += piece
        *lines, buffered = buffered.split(b"\n")
        for line in lines:
            _count(json.loads(line), done, tally)
            done, deadline = done + 1, time.monotonic() + SECONDS + 10
        over = not piece
        if not ready:
            os.kill(child, signal.SIGKILL)
    os.close(reading)
    _, state = os.waitpid(child, 0)
    if done < len(jobs):
        tally.findings += (Finding(done, f"the process ended with {os.waitstatus_to_exitcode(state)}, or hung"),)
        done += 1
    return done


def _count(outcome: dict[str, float | int | str], number: int, tally: Tally) -> None:
    tally.slowest = max(tally.slowest, float(outcome["seconds"]))
    tally.largest = max(tally.largest, int(outcome["bytes"]))
    if outcome["wrong"]:
        tally.findings += (Finding(number, str(outcome["wrong"])),)
    elif outcome["refused"]:
        tally.refused += 1
    else:
        tally.accepted += 1


def _work(jobs: Sequence[Callable[[], object]], first: int, writing: int) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MEMORY, resource.RLIM_INFINITY))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    signal.signal(signal.SIGALRM, _too_slow)
    for job in jobs[first:]:
        started, refused, wrong = time.monotonic(), False, ""
        signal.alarm(SECONDS)
        try:
            job()
        except (InputError, CheckError) as error:
            refused, wrong = True, _wrong_message(str(error))
        except BaseException as error:  # noqa: BLE001 - this is what is looked for
            wrong = f"{type(error).__name__}: {str(error)[:200]} | {_where(error)}"
        finally:
            signal.alarm(0)
        most = (
            resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before,
            resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss,
        )
        if max(most) << 10 > MEMORY:
            wrong = wrong or f"took {max(most) >> 10} MiB"
        seconds = time.monotonic() - started
        outcome = {"refused": refused, "wrong": wrong, "seconds": seconds, "bytes": max(most) << 10}
        os.write(writing, json.dumps(outcome).encode() + b"\n")


def _too_slow(_number: int, _frame: object) -> None:
    raise TimeoutError(f"took more than {SECONDS} seconds")


def _wrong_message(text: str) -> str:
    if "\n" in text:
        return f"a message of several lines: {text[:200]!r}"
    return f"a message of {len(text)} characters: {text[:200]}" if len(text) > LONGEST else ""


def _where(error: BaseException) -> str:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "mgld_bench" in frame.filename]
    return " < ".join(f"{Path(frame.filename).name}:{frame.lineno}" for frame in (*own[-3:], frames[-1]))
