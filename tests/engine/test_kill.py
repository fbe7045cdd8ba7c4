"""A run that is killed at random moments loses nothing, does nothing twice, and ends as if it had never been killed."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.helpers.run_state import database, files
from tests.helpers.suite_cards import write_cards

KILLS = 30


def start(cards: Path, workspace: Path) -> subprocess.Popen[bytes]:
    command = [
        sys.executable,
        "-m",
        "mgld_bench",
        "run",
        "small",
        "--device",
        "cpu",
        "--methods",
        "bicubic",
        "--metrics",
        "psnr,vmaf",
    ]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [*command, "--cards", str(cards), "--workspace", str(workspace)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )


def finished_files(workspace: Path) -> dict[Path, int]:
    """The side files of finished units, by the moment at which each was written."""
    if not workspace.exists():
        return {}
    return {path: path.stat().st_mtime_ns for top in ("pairs", "restored") for path in (workspace / top).glob("*/*/[!.]*.json")}


def test_thirty_kills_at_random_moments(tmp_path: Path) -> None:
    cards = write_cards(tmp_path / "cards")
    untouched = tmp_path / "untouched"
    began = time.monotonic()
    process = start(cards, untouched)
    assert process.wait(300) == 0, process.stderr and process.stderr.read().decode()
    whole = time.monotonic() - began
    expected = database(untouched), files(untouched)

    moments = random.Random(20240719)
    kills, finished_runs = 0, 0
    while kills < KILLS:
        workspace = tmp_path / f"killed{finished_runs}"
        seen: dict[Path, int] = {}
        while True:
            process = start(cards, workspace)
            try:
                process.wait(moments.uniform(0.25, 0.95) * whole)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
                kills += 1
            now = finished_files(workspace)
            assert {path: now.get(path) for path in seen} == seen, "a finished unit was done again"
            seen = now
            if process.returncode == 0:
                break
            assert process.returncode == -signal.SIGKILL, process.stderr and process.stderr.read().decode()
        assert (database(workspace), files(workspace)) == expected
        finished_runs += 1


def test_an_interrupt_ends_with_130_and_the_run_goes_on(tmp_path: Path) -> None:
    cards = write_cards(tmp_path / "cards")
    workspace = tmp_path / "workspace"
    process = start(cards, workspace)
    while not (workspace / "pairs").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130, told.decode()
    assert b"Traceback" not in told
    assert b"interrupted" in told
    process = start(cards, workspace)
    assert process.wait(300) == 0
    assert len(database(workspace)["clip_scores"]) == 4
