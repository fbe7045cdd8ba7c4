"""Signals that end the program, from real processes to real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mgld_bench.signals import end_as_by_ctrl_c, interrupt_held_back
from tests.helpers.run_state import database
from tests.helpers.suite_cards import write_cards


def test_an_interrupt_takes_effect_at_the_end_of_the_block() -> None:
    reached = []
    with pytest.raises(KeyboardInterrupt), interrupt_held_back():
        os.kill(os.getpid(), signal.SIGINT)
        reached.append("the end of the block")
    assert reached
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_an_interrupt_is_not_lost_to_an_error_of_the_block() -> None:
    with pytest.raises(KeyboardInterrupt) as caught, interrupt_held_back():
        os.kill(os.getpid(), signal.SIGINT)
        raise ValueError
    assert isinstance(caught.value.__context__, ValueError)


def test_without_an_interrupt_nothing_changes() -> None:
    with interrupt_held_back():
        pass
    with pytest.raises(ValueError, match="mine"), interrupt_held_back():
        raise ValueError("mine")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_in_another_thread_signals_are_left_alone() -> None:
    handlers = []

    def work() -> None:
        with interrupt_held_back():
            handlers.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert handlers == [signal.default_int_handler]


def test_every_ending_signal_is_held_back(monkeypatch: pytest.MonkeyPatch) -> None:
    earlier = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        end_as_by_ctrl_c()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
        reached = []
        with pytest.raises(KeyboardInterrupt), interrupt_held_back():
            os.kill(os.getpid(), signal.SIGTERM)
            reached.append("the end of the block")
        assert reached
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_run_that_is_ended_keeps_what_it_has_done(tmp_path: Path, number: signal.Signals) -> None:
    cards, workspace = write_cards(tmp_path / "cards"), tmp_path / "workspace"
    command = [sys.executable, "-m", "mgld_bench", "run", "small", "--device", "cpu", "--methods", "bicubic", "--metrics", "psnr"]
    command += ["--cards", str(cards), "--workspace", str(workspace)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stderr is not None
    while "restore: bicubic tiny" not in (line := process.stderr.readline()):
        assert line, "it ended by itself"
    os.kill(process.pid, number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.strip().splitlines()[-1] == "mgld-bench: interrupted; run the same command again to resume"
    assert [row[1] for row in database(workspace)["units"]].count("pair") == 2


KILL = "os.kill(os.getpid(), signal.SIGTERM)"


@pytest.mark.parametrize(
    "line",
    [KILL, f"exec({KILL!r})", f"try: {KILL}\nexcept KeyboardInterrupt: raise ValueError"],
    ids=["code", "code made of text", "code that makes a different error of it"],
)
def test_a_signal_while_the_program_is_loaded_is_one_line(tmp_path: Path, line: str) -> None:
    # A package that is imported early, and takes long.
    (tmp_path / "typer.py").write_text(f"import os, signal\n{line}\n")
    search = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "mgld_bench", "--version"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": search},
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (130, "mgld-bench: interrupted\n")
