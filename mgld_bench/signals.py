"""Signals that end the program: all as Ctrl-C does, so that whatever is under way is closed and kept."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

ENDING: Final = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Ctrl-C; what kill, batch systems and containers send; and what a closed terminal sends. Windows has no SIGHUP."""


_received: list[int] = []


def end_as_by_ctrl_c() -> None:
    """Let every ending signal raise KeyboardInterrupt in the main thread, but for those that are ignored, as nohup does."""
    for number in ENDING:
        if signal.getsignal(number) in (signal.SIG_DFL, signal.default_int_handler):
            signal.signal(number, _interrupt)


def interrupted() -> bool:
    """Whether a signal has raised KeyboardInterrupt since end_as_by_ctrl_c(): some libraries make a different error of it."""
    return bool(_received)


def _interrupt(number: int, _frame: FrameType | None) -> None:
    _received.append(number)
    raise KeyboardInterrupt


@contextmanager
def interrupt_held_back() -> Iterator[None]:
    """Hold back the signals that raise KeyboardInterrupt while the block runs, and let them take effect at the block's end.

    SQLAlchemy cannot roll back a transaction that a KeyboardInterrupt tears apart at an arbitrary line: it fails with an error of
    its own, which hides the interrupt. Only for short blocks. Signals reach the main thread alone; elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    arrived: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        arrived.append(number)

    known = (signal.default_int_handler, _interrupt)
    held = {number: handler for number in ENDING if (handler := signal.getsignal(number)) in known}
    for number in held:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in held.items():
            signal.signal(number, handler)
        if arrived:
            signal.raise_signal(arrived[0])
