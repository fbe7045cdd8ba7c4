"""What follows a night: its page, the index of all nights, and messages. None of it changes the verdict."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mgld_bench.cards.loader import load_protocol, load_report
from mgld_bench.engine.store import open_store
from mgld_bench.errors import InputError
from mgld_bench.nightly.history import Night, nights
from mgld_bench.nightly.judging import Judging
from mgld_bench.nightly.messages.send import Message, send_messages
from mgld_bench.nightly.night import FOLDER, NightRequest
from mgld_bench.nightly.pages.write import WrittenPages, write_pages


def publish(request: NightRequest, night: Night, log: Callable[[str], None]) -> WrittenPages | None:
    """Write the pages of a night that has ended, and send its messages; what fails is a line to ``log``.

    Returns:
        The pages; None where they could not be written.
    """
    written = None
    try:
        protocol = load_protocol(load_report(request.suite, request.cards).protocol, request.cards)
        with open_store(request.store, request.workspace, create=False) as store:
            place = Judging(store, request.workspace, request.cards, protocol)
            series = nights(store, night.suite, night.method)
            written = write_pages(pages_folder(request.workspace, night), series, night, place, store)
    except (InputError, OSError) as error:
        log(f"warning: the pages were not written: {error}")
    send_messages(_message(night), log)
    return written


def refresh(workspace: Path, store_url: str, night: Night) -> WrittenPages:
    """Write the page of a night and the index again, after somebody has decided about it."""
    with open_store(store_url, workspace, create=False) as store:
        series = nights(store, night.suite, night.method)
        return write_pages(pages_folder(workspace, night), series, night, None, store)


def pages_folder(workspace: Path, night: Night) -> Path:
    """Where the pages of its suite and method are."""
    return workspace / FOLDER / night.suite / night.method


def _message(night: Night) -> Message:
    subject = f"night {night.id} of {night.suite}, {night.method}: {night.verdict}"
    return Message(subject, (Path(night.checkpoint).name, night.why, *night.lines))
