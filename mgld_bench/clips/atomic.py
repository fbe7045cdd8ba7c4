"""Files that appear whole or not at all."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mgld_bench.errors import InputError


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
    write_bytes_atomic(path, f"{text}\n".encode())


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


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A hidden temporary file beside ``path`` that replaces it when the block ends without an error, and is removed otherwise.

    Raises:
        InputError: The file cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.touch(exist_ok=False)
        try:
            yield temporary
            with temporary.open("rb+") as file:
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise InputError(f"{path}: cannot be written: {error.strerror}") from None
