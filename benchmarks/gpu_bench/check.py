"""Whether every phase runs, found out without a GPU: small on the CPU, and in full with tensors that have no values."""

from __future__ import annotations

import functools
import time
from contextlib import ExitStack
from pathlib import Path
from unittest import mock

import torch

from gpu_bench.phases import PHASES, chosen
from gpu_bench.pretend import pretended_gpu
from gpu_bench.scale import REDUCED, TRACED
from gpu_bench.session import Session, open_lines, run_phases

HOURS = 4 * 3600.0
"""A check has no deadline."""
TRACED_PHASES = "1,2,3,4,5,6"
"""Those of which shapes decide all that is computed; in the others values do."""


def check_everything(output: Path, names: str) -> tuple[list[str], list[str]]:
    """What failed and what was skipped in all phases, or those of ``names``: small ones, then full ones without values."""
    wanted = {name.strip() for name in names.split(",") if name.strip()} or {phase.name for phase in PHASES}
    failed, skipped = [], []
    with open_lines(output) as lines:
        for what, scale, phases in (
            ("small, on the CPU", REDUCED, wanted),
            ("full, without values, on a GPU that is not there", TRACED, wanted & set(TRACED_PHASES.split(","))),
        ):
            if phases:
                print(f"\n== {what}")
                session = Session(scale, lines, time.monotonic())
                run_small(session, ",".join(phases))
                failed += session.failed
                skipped += session.skipped
    return failed, skipped


def run_small(session: Session, names: str) -> None:
    """The phases of ``names`` at the session's scale, pretending a GPU where it names one."""
    with ExitStack() as block:
        if session.scale.on_gpu:
            block.enter_context(pretended_gpu())
        # Whether it can be traced, not what a compiler makes of it in minutes.
        block.enter_context(mock.patch.object(torch, "compile", functools.partial(torch.compile, backend="eager")))
        run_phases(session, chosen(PHASES, names), HOURS)
