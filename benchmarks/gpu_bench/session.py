"""One session on a GPU: a row and a JSON line for each measurement at once, deadlines, failures that end only themselves."""

from __future__ import annotations

import gc
import json
import os
import sys
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TextIO

import torch

from gpu_bench.scale import Scale
from mgld_bench.memory import is_out_of_memory

Value = str | int | float | bool
Values = Mapping[str, Value]
HEAVY = 3.0
"""Seconds from which on a measurement may hold whole networks."""


@dataclass
class Session:
    """Where rows go, and how much time is left."""

    scale: Scale
    lines: TextIO
    """The JSON lines."""
    began: float
    """By time.monotonic(): when the process started, imports included."""
    phase: str = ""
    until: float = 0.0
    """Seconds after the start at which the phase has to end."""
    failed: list[str] = field(default_factory=list)
    skipped: list[str] = field(default_factory=list)
    found: dict[str, Value] = field(default_factory=dict)
    """What a later phase needs of an earlier one: ceilings, the authors' seconds."""

    @property
    def elapsed(self) -> float:
        """Seconds since the process started."""
        return time.monotonic() - self.began

    @property
    def left(self) -> float:
        """Seconds until the phase has to end."""
        return self.until - self.elapsed

    def row(self, label: str, **values: Value) -> None:
        """Print a row of the table, and write its JSON line to disk."""
        cells = "  ".join(f"{name} {short(value)}" for name, value in values.items())
        print(f"{self.elapsed:6.1f} s  {self.phase:10} {label:34} {cells}", flush=True)
        line = {"phase": self.phase, "label": label, "at": round(self.elapsed, 2), **values}
        self.lines.write(json.dumps(line) + "\n")
        self.lines.flush()
        os.fsync(self.lines.fileno())

    def attempt(self, label: str, needs: float, measure: Callable[[], Values]) -> bool:
        """A row of what ``measure()`` finds; one without figures where time is short (below ``needs`` seconds) or it fails."""
        if self.left < needs:
            self.skipped.append(f"{self.phase}: {label}")
            self.row(label, result=f"skipped: {max(self.left, 0):.0f} s left, it needs about {needs:.0f}")
            return False
        try:
            values = measure()
        except Exception as error:  # noqa: BLE001 - whatever goes wrong with one row, the minutes belong to the others too
            self.failed.append(f"{self.phase}: {label}")
            kind = "out of memory" if is_out_of_memory(error) else f"failed: {type(error).__name__}"
            traceback.print_exc(file=sys.stderr)
            self.row(label, result=f"{kind}: {' '.join(str(error).split())[:200]}")
            return False
        else:
            self.row(label, **values)
            return True
        finally:
            # Outside the handler, where the traceback no longer holds tensors. What takes moments holds little.
            if needs >= HEAVY:
                release()


@dataclass(frozen=True)
class Phase:
    """A part of the session."""

    name: str
    title: str
    run: Callable[[Session], None]
    ends: float
    """Share of the whole time after which it has to have ended."""


def run_phases(session: Session, phases: tuple[Phase, ...], seconds: float) -> None:
    """Run all phases in order, each until its deadline."""
    for phase in phases:
        session.phase, session.until = phase.name, phase.ends * seconds
        print(f"\n{phase.name}: {phase.title}", flush=True)
        if session.left <= 0:
            session.skipped.append(phase.name)
            session.row("all of it", result="skipped: past its deadline")
            continue
        before = session.elapsed
        try:
            phase.run(session)
        except Exception as error:  # noqa: BLE001 - see attempt()
            session.failed.append(phase.name)
            traceback.print_exc(file=sys.stderr)
            session.row("all of it", result=f"failed: {type(error).__name__}: {' '.join(str(error).split())[:200]}")
        release()
        session.row("took", seconds=session.elapsed - before)


def release() -> None:
    """Free what nobody holds, on the GPU too."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()


def short(value: Value) -> str:
    """A value as a table shows it: four significant digits."""
    return f"{value:.4g}" if isinstance(value, float) else str(value)


def open_lines(folder: Path) -> TextIO:
    """The file of JSON lines in ``folder``; rows of an earlier session in it stay."""
    folder.mkdir(parents=True, exist_ok=True)
    return (folder / "gpu.jsonl").open("a", encoding="utf-8")
