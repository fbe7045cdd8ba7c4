"""What follows a night: its page, the index of all nights, and messages. None of it changes the verdict."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from mgld_bench.cards.loader import load_protocol, load_report
from mgld_bench.engine.progress import Progress
from mgld_bench.engine.store import open_store
from mgld_bench.errors import InputError
from mgld_bench.nightly.history import Night, nights
from mgld_bench.nightly.judging import Judging
from mgld_bench.nightly.messages.send import Message, send_messages
from mgld_bench.nightly.night import FOLDER, NightRequest, NightResult
from mgld_bench.nightly.pages.comparisons import write_comparisons, written_comparisons
from mgld_bench.nightly.pages.write import WrittenPages, page_name, write_night, write_pages


def publish(request: NightRequest, result: NightResult, log: Callable[[str], None], progress: Progress) -> WrittenPages | None:
    """Write the pages of a night that has ended, and send its messages; what fails is a line to ``log``.

    Of a night in which nothing was new, only pages that could not be written then are.

    Args:
        request: what was asked for.
        result: what it came to.
        log: takes warnings.
        progress: learns how far the videos of its players are.

    Returns:
        The pages; None where they were not written.
    """
    written, night = None, result.night
    if not result.new and (pages_folder(request.workspace, night) / page_name(night)).is_file():
        return None
    try:
        protocol = load_protocol(load_report(request.suite, request.cards).protocol, request.cards)
        with open_store(request.store, request.workspace, create=False) as store:
            place = Judging(store, request.workspace, request.cards, protocol)
            series = nights(store, night.suite, night.method)
            folder = pages_folder(request.workspace, night)
            compared = list(write_comparisons(folder, series, night, place, progress))
            written = write_pages(folder, series, night, compared, store)
    except (InputError, OSError) as error:
        log(f"warning: the pages were not written: {error}")
    if result.new:
        send_messages(_message(night), log)
    return written


def refresh(workspace: Path, store_url: str, night: Night) -> WrittenPages:
    """Write the page of a night and the index again, after somebody has decided about it."""
    with open_store(store_url, workspace, create=False) as store:
        series = nights(store, night.suite, night.method)
        folder = pages_folder(workspace, night)
        return write_pages(folder, series, night, list(written_comparisons(folder, series, night)), store)


def refresh_pages(workspace: Path, series: Sequence[Night]) -> None:
    """Write the pages of nights again that are there, with the comparisons that still have pages."""
    for night in series:
        folder = pages_folder(workspace, night)
        if (folder / page_name(night)).is_file():
            write_night(folder, series, night, list(written_comparisons(folder, series, night)))


def pages_folder(workspace: Path, night: Night) -> Path:
    """Where the pages of its suite and method are."""
    return workspace / FOLDER / night.suite / night.method


def _message(night: Night) -> Message:
    subject = f"night {night.id} of {night.suite}, {night.method}: {night.verdict}"
    return Message(subject, (Path(night.checkpoint).name, night.why, *night.lines))
