"""Ctrl-C waits for the end of a block, and a folder has one writer."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

import pytest

from mgld_bench.engine.safe_writes import interrupt_held_back, sole_writer
from mgld_bench.errors import InputError


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


def test_a_folder_has_one_writer(tmp_path: Path) -> None:
    refused = pytest.raises(InputError, match="another run is using this folder")
    with sole_writer(tmp_path / "new"), refused, sole_writer(tmp_path / "new"):
        pass
    with sole_writer(tmp_path / "new"):
        pass
