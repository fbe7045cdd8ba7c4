"""The progress of a download: a bar on a terminal, plain lines in a log, both on standard error."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

from mgld_bench.cli.console import TerminalConsole
from mgld_bench.cli.display import LOG_INTERVAL, size


@contextmanager
def download_display(name: str) -> Iterator[Callable[[int, int | None], None]]:
    """Shows how far the download of ``name`` is.

    Yields:
        A function to call with the bytes received so far, and the total or None where it is not known.
    """
    console = TerminalConsole(stderr=True)
    if not console.is_terminal:
        yield _lines(console, name)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console) as bars:
        task = bars.add_task(name, total=None)
        yield lambda here, total: bars.update(task, completed=here, total=total)


def _lines(console: TerminalConsole, name: str) -> Callable[[int, int | None], None]:
    """A line at the start, and then at most one every LOG_INTERVAL seconds."""
    printed = -LOG_INTERVAL

    def bytes_done(here: int, total: int | None) -> None:
        nonlocal printed
        if time.monotonic() - printed < LOG_INTERVAL:
            return
        printed = time.monotonic()
        whole = "" if total is None else f" of {size(total)}"
        console.print(f"{name}: {size(here)}{whole}", highlight=False, markup=False, soft_wrap=True)

    return bytes_done
