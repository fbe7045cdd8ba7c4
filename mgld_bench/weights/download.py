"""Downloads one file from one address into a partial file, and resumes where an earlier attempt stopped.

A note beside the partial file records its address and the server's identifier for this version of the file (its ETag or date,
RFC 9110): the download is resumed only if the server confirms that version.
"""

from __future__ import annotations

import http.client
import json
import re
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
from urllib.parse import urlsplit

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.errors import InputError

BytesDone = Callable[[int, int | None], None]
"""Called with the bytes received so far, and the total or None where it is not known."""

TIMEOUT = 30.0
"""Seconds without a byte after which a connection counts as lost."""
ATTEMPTS = 3
"""How often in a row a connection may fail without delivering anything new."""
PAUSE = 0.5
"""Seconds before the next attempt; doubled after each that delivered nothing."""

_CHUNK: Final = 1 << 18
_PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""HTTP status codes that may be gone at the next attempt."""
_PAGE_STARTS: Final = (b"<!doctype html", b"<html")


class DownloadError(Exception):
    """Why this address does not deliver the file, in a few words."""


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

    A lost connection is resumed where it stopped, until ATTEMPTS in a row have delivered nothing new. What has been received is
    kept for a later call, even on Ctrl-C.

    Raises:
        DownloadError: This address does not deliver the file.
        InputError: The file cannot be written, or the disk has too little space for it.
    """
    if urlsplit(address).scheme not in ("http", "https"):
        raise DownloadError("not an http or https address")
    most, fruitless = _resume_point(address, partial)[0], 0
    while True:
        try:
            _attempt(address, partial, wanted, progress)
        except _InterruptedError as error:
            here = partial.stat().st_size if partial.exists() else 0
            fruitless = 0 if here > most else fruitless + 1
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
    offset, validator = _resume_point(address, partial)
    headers = {"User-Agent": f"mgld-bench/{version('mgld-bench')}", "Accept-Encoding": "identity"}
    if offset:
        headers |= {"Range": f"bytes={offset}-", "If-Range": validator}
    try:
        response = _opener().open(urllib.request.Request(address, headers=headers), timeout=TIMEOUT)  # noqa: S310 - http(s) only
    except urllib.error.HTTPError as error:
        with error:
            _answer_refusal(error, partial, offset)
        return
    except (OSError, http.client.HTTPException) as error:
        raise _InterruptedError(f"cannot be reached: {_reason(error)}") from None
    with response:
        start = _start(response, partial, offset)
        total = None if response.length is None else start + response.length
        _check_head(response, wanted, total)
        _check_disk(partial, wanted.size if total is None else total, start)
        if start == 0:
            _start_over(partial, address, _validator(response.headers))
        _receive(response, partial, start, total, progress)


def _answer_refusal(error: urllib.error.HTTPError, partial: Path, offset: int) -> None:
    """Return where the refusal means that the file is already complete, else raise."""
    what = f"HTTP {error.code} {error.reason}"
    if error.code == http.HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE and offset:
        if error.headers.get("Content-Range") == f"bytes */{offset}":
            return
        forget(partial)
        raise _InterruptedError(what)
    raise _InterruptedError(what) if error.code in _PASSING else DownloadError(what)


def _start(response: http.client.HTTPResponse, partial: Path, offset: int) -> int:
    """The offset in the file at which the response starts."""
    if response.status == http.HTTPStatus.OK:
        return 0
    found = re.match(r"bytes (\d+)-", response.headers.get("Content-Range", ""))
    if response.status != http.HTTPStatus.PARTIAL_CONTENT or found is None:
        raise DownloadError(f"HTTP {response.status} {response.reason}")
    if int(found[1]) != offset:
        forget(partial)
        raise _InterruptedError("sent a different part of the file than requested")
    return offset


def _check_head(response: http.client.HTTPResponse, wanted: Wanted, total: int | None) -> None:
    if response.headers.get_content_type() == "text/html":
        raise DownloadError(_page())
    if total is None:
        if not wanted.checked and wanted.size is None and not response.chunked:
            raise DownloadError("does not announce the length of the file, so a truncated download could not be detected")
    elif wanted.size is not None and total != wanted.size:
        raise DownloadError(f"has {total} bytes, but its card gives {wanted.size}")


def _check_disk(partial: Path, total: int | None, start: int) -> None:
    free = shutil.disk_usage(partial.parent).free
    if total is not None and total - start > free:
        raise InputError(
            f"{partial.parent}: {total - start} more bytes are needed but {free} are free; make room and fetch again"
        )


def _receive(response: http.client.HTTPResponse, partial: Path, start: int, total: int | None, progress: BytesDone) -> None:
    here = start
    progress(here, total)
    try:
        with partial.open("ab") as file:
            while chunk := _read(response):
                if here == 0 and chunk.lstrip()[:20].lower().startswith(_PAGE_STARTS):
                    raise DownloadError(_page())
                file.write(chunk)
                here += len(chunk)
                progress(here, total)
    except OSError as error:
        raise InputError(f"{partial}: cannot be written: {error.strerror}") from None
    if total is not None and here < total:
        raise _InterruptedError(f"connection lost after {here} of {total} bytes")
    if not here:
        raise DownloadError("sent an empty file")


def _read(response: http.client.HTTPResponse) -> bytes:
    try:
        return response.read1(_CHUNK)
    except (OSError, http.client.HTTPException) as error:
        raise _InterruptedError(f"connection lost: {_reason(error)}") from None


def _page() -> str:
    return (
        "sent a web page instead of the file (a login or a prompt?); download it in a browser, then: mgld-bench weights add FILE"
    )


def _validator(headers: Message) -> str:
    """The ETag if it is a strong one, else the date of the last change; "" where there is neither."""
    etag = headers.get("ETag", "")
    return etag if etag and not etag.startswith("W/") else headers.get("Last-Modified", "")


def _start_over(partial: Path, address: str, validator: str) -> None:
    # Emptied first, so that a note is never beside the bytes of a different version.
    try:
        partial.write_bytes(b"")
    except OSError as error:
        raise InputError(f"{partial}: cannot be written: {error.strerror}") from None
    write_json_atomic(_note_of(partial), {"address": address, "validator": validator})


def _resume_point(address: str, partial: Path) -> tuple[int, str]:
    """How many bytes of this address are here, and the server's identifier for their version; (0, "") to start over."""
    try:
        note = json.loads(_note_of(partial).read_text(encoding="utf-8"))
        if note["address"] == address and note["validator"]:
            return partial.stat().st_size, str(note["validator"])
    except (OSError, ValueError, LookupError, TypeError):
        # A missing or damaged note only means starting over.
        pass
    return 0, ""


def _note_of(partial: Path) -> Path:
    return partial.with_name(f"{partial.name}.json")


def _reason(error: Exception) -> str:
    """What went wrong, without the layers around it."""
    cause = error.reason if isinstance(error, urllib.error.URLError) else error
    text = (cause.strerror if isinstance(cause, OSError) else None) or str(cause) or type(cause).__name__
    return " ".join(text.split())


def _opener() -> urllib.request.OpenerDirector:
    """Follows redirects, to http and https only: no handler here opens a local file."""
    opener = urllib.request.OpenerDirector()
    for handler in (
        urllib.request.ProxyHandler(),
        urllib.request.UnknownHandler(),
        urllib.request.HTTPHandler(),
        urllib.request.HTTPSHandler(),
        urllib.request.HTTPDefaultErrorHandler(),
        urllib.request.HTTPRedirectHandler(),
        urllib.request.HTTPErrorProcessor(),
    ):
        opener.add_handler(handler)
    return opener
