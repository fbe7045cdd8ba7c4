"""A run that is interrupted keeps what is finished and ends with 130. Kills at random moments: tests/campaigns."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.helpers.command import call
from tests.helpers.run_state import database
from tests.helpers.suite_cards import write_cards


def messages(workspace: Path) -> Path:
    """Where the standard error of the runs in a workspace goes."""
    return workspace.with_name(f"{workspace.name}.stderr")


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
    with messages(workspace).open("wb") as stderr:
        return subprocess.Popen(
            [*command, "--cards", str(cards), "--workspace", str(workspace)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            start_new_session=True,
        )


def test_an_interrupt_ends_with_130_and_the_run_goes_on(tmp_path: Path) -> None:
    cards = write_cards(tmp_path / "cards")
    workspace = tmp_path / "workspace"
    process = start(cards, workspace)
    while not (workspace / "pairs").exists() and process.poll() is None:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 130, messages(workspace).read_text()
    answer = messages(workspace).read_text()
    assert "Traceback" not in answer
    assert "interrupted" in answer
    again = ("run", "small", "--device", "cpu", "--methods", "bicubic", "--metrics", "psnr,vmaf")
    assert call(*again, "--cards", cards, "--workspace", workspace).code == 0
    assert len(database(workspace)["clip_scores"]) == 4


INTERRUPTED_TRANSACTION = """
import os, signal, sys
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session
from mgld_bench.cli.main import main

moment, units = sys.argv[1], int(sys.argv[2])
del sys.argv[1:3]
inserted = 0

@event.listens_for(Engine, "before_cursor_execute")
def count(connection, cursor, statement, parameters, context, many):
    global inserted
    inserted += statement.startswith("INSERT INTO units ")

@event.listens_for(Engine if moment == "commit" else Session, moment)
def interrupt(*_arguments):
    global inserted
    if inserted == units:
        inserted = 0
        os.kill(os.getpid(), signal.SIGINT)

main()
"""


@pytest.mark.parametrize(
    ("moment", "units"),
    [
        ("commit", 3),
        ("after_transaction_end", 2),
        pytest.param("commit", 2, marks=pytest.mark.slow),
        pytest.param("after_transaction_end", 3, marks=pytest.mark.slow),
    ],
)
def test_an_interrupt_in_the_middle_of_a_transaction_keeps_its_unit_and_ends_with_130(
    tmp_path: Path, moment: str, units: int
) -> None:
    """The second unit is a pair, the third a restored clip."""
    cards, workspace = write_cards(tmp_path / "cards"), tmp_path / "workspace"
    command = [sys.executable, "-c", INTERRUPTED_TRANSACTION, moment, str(units), "run", "small", "--device", "cpu"]
    command += ["--methods", "bicubic", "--metrics", "psnr", "--cards", str(cards), "--workspace", str(workspace)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 130, done.stderr
    assert "Traceback" not in done.stderr
    assert len(database(workspace)["units"]) == units
