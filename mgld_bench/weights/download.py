"""Downloads one file from one address into a partial file, and resumes where an earlier attempt stopped.

A note beside the partial file records its address, the server's identifier for this version of the file (its ETag or date,
RFC 9110) and the length that it announced: the download is resumed only if the server confirms them. Servers may send anything:
what contradicts itself, never ends or comes too slowly is that address's failure, in a few words, and the next one is asked.
"""

from __future__ import annotations

import http.client
import json
import shutil
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from email.message import Message
from importlib.metadata import version
from pathlib import Path
from typing import Final

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.errors import InputError
from mgld_bench.weights.answer import DifferentPartError, DownloadError, Part, part_of, state_of, whole_of
from mgld_bench.weights.connection import Watch, is_web_address, open_address

BytesDone = Callable[[int, int | None], None]
"""Called with the bytes received so far, and the total or None where it is not known."""

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as lost."""
ATTEMPTS = 3
"""How often in a row a connection may fail without delivering anything new."""
PAUSE = 0.5
"""Seconds before the next attempt; doubled after each that delivered nothing."""
ENOUGH: Final = 1 << 14
"""New bytes for which an attempt counts as one that delivered something: a server that sends crumbs is left."""
LARGEST = 64 << 30
"""Bytes after which a file whose length nobody has announced is given up; the largest checkpoint of the field has 8 GB."""

_CHUNK: Final = 1 << 18
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP status codes that may be gone at the next attempt."""
_PAGE_STARTS: Final = (b"<!doctype html", b"<html")


class _InterruptedError(Exception):
    """Why an attempt ended early; the next one may resume."""


@dataclass(frozen=True)
class Wanted:
    """What is known about the file before it is downloaded."""

    size: int | None
    """Bytes."""
    checked: bool
    """True where its digest will be checked."""


def download(address: str, partial: Path, wanted: Wanted, progress: BytesDone) -> None:
    """Complete ``partial`` to the whole file at ``address``.

    A lost connection is resumed where it stopped, until ATTEMPTS in a row have delivered next to nothing. What has been received
    is kept for a later call, even on Ctrl-C.

    Raises:
        DownloadError: This address does not deliver the file.
        InputError: The file cannot be written, or the disk has too little space for it.
    """
    if not is_web_address(address):
        raise DownloadError("not an http or https address")
    most, fruitless = _resume_point(address, partial).bytes, 0
    while True:
        try:
            _attempt(address, partial, wanted, progress)
        except _InterruptedError as error:
            here = partial.stat().st_size if partial.exists() else 0
            fruitless = 0 if here - most >= ENOUGH else fruitless + 1
            most = max(most, here)
            if fruitless >= ATTEMPTS:
                raise DownloadError(str(error)) from None
            time.sleep(PAUSE * 2**fruitless)
        else:
            return


def forget(partial: Path) -> None:
    """Remove a partial file and its note."""
    partial.unlink(missing_ok=True)
    _note_of(partial).unlink(missing_ok=True)


def _attempt(address: str, partial: Path, wanted: Wanted, progress: BytesDone) -> None:
    before = _resume_point(address, partial)
    headers = {"User-Agent": f"mgld-bench/{version('mgld-bench')}", "Accept-Encoding": "identity"}
    if before.bytes:
        headers |= {"Range": f"bytes={before.bytes}-", "If-Range": before.validator}
    with Watch() as watch:
        try:
            request = urllib.request.Request(address, headers=headers)  # noqa: S310 - http(s) only
            response = open_address(request, TIMEOUT, watch)
        except urllib.error.HTTPError as error:
            with error:
                watch.check()
                _answer_refusal(error, partial, before, wanted)
            return
        except (OSError, http.client.HTTPException) as error:
            watch.check()
            raise _InterruptedError(f"cannot be reached: {_reason(error)}") from None
        with response:
            # The head of an answer may just end where the connection does.
            watch.check()
            try:
                part = part_of(response, before.bytes)
            except DifferentPartError as error:
                forget(partial)
                raise _InterruptedError(str(error)) from None
            _check_head(response, partial, part, wanted, before)
            _check_disk(partial, wanted, part)
            if part.start == 0:
                _start_over(partial, address, _validator(response.headers), part.total)
            _receive(response, partial, part, wanted, progress, watch)


def _answer_refusal(error: urllib.error.HTTPError, partial: Path, before: _Before, wanted: Wanted) -> None:
    """Return where the refusal means that the file is already complete, else raise."""
    what = state_of(error.code, str(error.reason))
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and before.bytes:
        whole = whole_of(error.headers.get("Content-Range", ""))
        if whole == before.bytes and {before.total, wanted.size} <= {None, whole}:
            return
        forget(partial)
        raise _InterruptedError(what)
    raise _InterruptedError(what) if error.code in _PASSING else DownloadError(what)


def _check_head(response: http.client.HTTPResponse, partial: Path, part: Part, wanted: Wanted, before: _Before) -> None:
    if response.headers.get_content_type() == "text/html":
        raise DownloadError(_page())
    if part.start and before.total is not None and part.total != before.total:
        forget(partial)
        raise _InterruptedError(f"announced {before.total} bytes before, and now {part.total or 'no length'}")
    if part.total is None:
        if not wanted.checked and wanted.size is None and not (response.chunked and response.status == http.HTTPStatus.OK):
            raise DownloadError("does not announce the length of the file, so a truncated download could not be detected")
    elif wanted.size is not None and part.total != wanted.size:
        raise DownloadError(f"has {part.total} bytes, but its card gives {wanted.size}")


def _check_disk(partial: Path, wanted: Wanted, part: Part) -> None:
    free = shutil.disk_usage(partial.parent).free
    total = part.total if wanted.size is None else wanted.size
    if total is not None and total - part.start > free:
        text = f"{partial.parent}: {total - part.start} more bytes are needed but {free} are free; make room and fetch again"
        # What only this server claims may be nonsense: the next one is asked.
        raise DownloadError(text) if wanted.size is None else InputError(text)


def _receive(
    response: http.client.HTTPResponse, partial: Path, part: Part, wanted: Wanted, progress: BytesDone, watch: Watch
) -> None:
    here = part.start
    total = part.total if wanted.size is None else wanted.size
    most = next((bound for bound in (part.end, total) if bound is not None), LARGEST)
    progress(here, total)
    try:
        with partial.open("ab") as file:
            while chunk := _read(response, watch):
                if here == 0 and chunk.lstrip()[:20].lower().startswith(_PAGE_STARTS):
                    raise DownloadError(_page())
                here += len(chunk)
                if here > most:
                    raise DownloadError(
                        f"sends more than the {most} bytes that the file {'may have' if total is None else 'has'}"
                    )
                file.write(chunk)
                watch.received(len(chunk))
                progress(here, total)
    except OSError as error:
        raise InputError(f"{partial}: cannot be written: {error.strerror}") from None
    watch.check()
    if part.end is not None and here < part.end:
        raise _InterruptedError(f"connection lost after {here} of {total} bytes")
    if not here:
        raise DownloadError("sent an empty file")
    if part.end is not None and part.total is not None and here < part.total:
        raise _InterruptedError(f"sent {here} of {part.total} bytes, and not the rest")


def _read(response: http.client.HTTPResponse, watch: Watch) -> bytes:
    try:
        return response.read1(_CHUNK)
    except (OSError, ValueError, http.client.HTTPException) as error:
        watch.check()
        raise _InterruptedError(f"connection lost: {_reason(error)}") from None


def _page() -> str:
    return (
        "sent a web page instead of the file (a login or a prompt?); download it in a browser, then: mgld-bench weights add FILE"
    )


def _validator(headers: Message) -> str:
    """The ETag if it is a strong one, else the date of the last change; "" where there is neither."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _start_over(partial: Path, address: str, validator: str, total: int | None) -> None:
    # Emptied first, so that a note is never beside the bytes of a different version.
    try:
        partial.write_bytes(b"")
    except OSError as error:
        raise InputError(f"{partial}: cannot be written: {error.strerror}") from None
    write_json_atomic(_note_of(partial), {"address": address, "validator": validator, "total": total})


@dataclass(frozen=True)
class _Before:
    """What earlier attempts have left."""

    bytes: int = 0
    validator: str = ""
    """The server's identifier for the version of the file that they belong to."""
    total: int | None = None
    """The length that it announced."""


def _resume_point(address: str, partial: Path) -> _Before:
    """What is here of the file at this address; nothing where that has to start over."""
    try:
        note = json.loads(_note_of(partial).read_text(encoding="utf-8"))
        validator, total = note["validator"], note.get("total")
        whole = total is None or type(total) is int
        # It becomes a header of the request.
        if note["address"] == address and isinstance(validator, str) and validator and validator.isascii() and whole:
            return _Before(partial.stat().st_size, validator, total) if validator.isprintable() else _Before()
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        # A missing or damaged note only means starting over.
        pass
    return _Before()


def _note_of(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _reason(error: Exception) -> str:
    """What went wrong, without the layers around it."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
    return " ".join(text.split())[:100]
