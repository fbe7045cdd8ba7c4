"""Files that appear whole or not at all."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from mgld_bench.clips.held import held
from mgld_bench.errors import InputError

PARTIAL: Final = ".partial"
"""How the hidden names of folders end whose content is not complete yet."""
TEMPORARY: Final = ".tmp"
"""How the hidden names of files end that will replace others."""
NAME_BYTES: Final = 255
"""What file systems allow for one name."""


def write_bytes_atomic(path: Path, data: bytes) -> None:
    """Write ``data`` to ``path``, creating its folder if it is missing. Raises InputError where it cannot be written."""
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json_atomic(path: Path, value: object) -> None:
    """Write ``value`` as JSON: sorted keys, one per line, a final newline.

    Raises:
        InputError: The file cannot be written.
        ValueError: ``value`` contains NaN or infinity.
        TypeError: ``value`` contains something else that JSON cannot represent.
    """
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False)
    # A file name that is not UTF-8 has lone surrogates: as \\udce9 they are JSON, as bytes they are not.
    write_bytes_atomic(path, f"{text}\n".encode("utf-8", "backslashreplace"))


def require_place(folder: Path, named: str, *, to_write: bool) -> None:
    """Check, without creating anything, that ``folder`` is one or can become one. Raises InputError where it is none.

    Args:
        folder: the folder, which need not be there.
        named: what names it, for the message: an option, a variable.
        to_write: whether files are to be written there.
    """
    place = folder.absolute()
    while not os.path.lexists(place) and place != place.parent:
        place = place.parent
    if not place.is_dir():
        reason = "it is" if place == folder.absolute() else f"{place} is"
        raise InputError(f"{named} {folder}: cannot be used: {reason} not a folder; name a folder of your own")
    if not os.access(place, os.W_OK | os.X_OK if to_write else os.R_OK | os.X_OK):
        what = "written to" if to_write else "read"
        raise InputError(f"{named} {folder}: cannot be {what}: permission denied for {place}; name a folder of your own")


def require_writable(folder: Path) -> None:
    """Create ``folder`` where it is missing, and check that files can be written there. Raises InputError where they cannot."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        is_file = isinstance(error, (FileExistsError, NotADirectoryError))
        reason = "it, or a folder above it, is a file" if is_file else error.strerror
        raise InputError(f"{folder}: cannot be written to: {reason}; name a folder of your own") from None


def hidden_name(name: str, ending: str) -> str:
    """``.<name><ending>``: the name of something hidden beside ``name``; shortened where a file system would refuse it.

    >>> hidden_name("000", ".partial")
    '.000.partial'
    """
    whole = f".{name}{ending}"
    if len(os.fsencode(whole)) <= NAME_BYTES:
        return whole
    stands_for = f"~{hashlib.sha256(os.fsencode(name)).hexdigest()[:16]}"
    room = NAME_BYTES - len(os.fsencode(f".{stands_for}{ending}"))
    return f".{os.fsencode(name)[:room].decode('utf-8', 'ignore')}{stands_for}{ending}"


def require_room_for_name(clip: str, ending: str, folder: Path) -> None:
    """Raise InputError where a file called ``clip`` and ``ending`` would have a longer name than file systems allow."""
    size = len(os.fsencode(clip + ending))
    if size > NAME_BYTES:
        raise InputError(
            f"clip {clip}: its name is too long: {folder} would need a file {ending} of that name with {size} bytes, "
            f"and file systems allow {NAME_BYTES}; rename the clip"
        )


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden temporary file beside ``path`` that replaces it when the block ends without an error, and is removed otherwise.

    Its name is always the same, so that the next write of ``path`` takes over what a killed process left; two writers wait for
    each other.

    Raises:
        InputError: The file cannot be written.
    """
    temporary = path.with_name(hidden_name(path.name, TEMPORARY))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with held(temporary):
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
