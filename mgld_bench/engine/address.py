"""A workspace at an address (s3://bucket/prefix): the folder of this machine that stands for it, and opening the address."""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mgld_bench.clips.atomic import require_place, write_bytes_atomic
from mgld_bench.errors import InputError, broken
from mgld_bench.home import bench_home, expanded

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

STAGING_VARIABLE: Final = "MGLD_BENCH_STAGING"
_FILE: Final = ".workspace-address"
"""In the folder that stands for an address: which."""
_PACKAGES: Final = {"s3": "'mgld-bench[remote]'", "file": "'mgld-bench[remote]'", "gs": "gcsfs", "gcs": "gcsfs"}


def is_address(text: str) -> bool:
    """Whether a text names a place by an address, not by a path."""
    return "://" in text


def workspace_folder(text: str) -> Path:
    """The folder of a workspace: a path as it is; of an address, the folder of this machine that stands for it.

    Raises:
        InputError: the address is none, or the folder cannot be used.
    """
    if not is_address(text):
        return expanded(Path(text))
    address = text.rstrip("/")
    kind, _, rest = address.partition("://")
    if not kind or not rest:
        raise InputError(f"--workspace {text}: is no address: write s3://bucket/prefix, gs://bucket/prefix or file:///folder")
    if "@" in rest.partition("/")[0]:
        raise InputError(
            f"--workspace {kind}://…: holds a user or a key: give credentials as the storage's own tools take them "
            "(for S3: AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY)"
        )
    root = os.environ.get(STAGING_VARIABLE)
    parent = expanded(Path(root)) if root else bench_home() / "staging"
    readable = re.sub(r"[^A-Za-z0-9.-]+", "-", address)[:80]
    folder = parent / f"{readable}-{hashlib.sha256(address.encode()).hexdigest()[:12]}"
    require_place(folder, f"the folder for {address},", to_write=True)
    if address_of(folder) != address:
        write_bytes_atomic(folder / _FILE, f"{address}\n".encode())
    return folder


def address_of(folder: Path) -> str:
    """The address that a folder stands for; "" where it stands for none."""
    try:
        return (folder / _FILE).read_text(encoding="utf-8").strip()
    except OSError:
        return ""


def refuse_address(folder: Path) -> None:
    """Raise InputError where a results database is looked for in a workspace at an address, which can hold none."""
    address = address_of(folder)
    if address:
        raise InputError(
            f"{address}: a workspace at an address needs a results database elsewhere: --store postgresql://user@host/name, or "
            "for one machine --store sqlite:////folder/results.sqlite"
        )


def workspace_name(folder: Path) -> str:
    """How other machines name a workspace: its address, or its path."""
    return address_of(folder) or str(folder.absolute())


def identity(address: str) -> str:
    """The identity of the workspace at an address, the same on every machine."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, address))


def opened(address: str) -> tuple[AbstractFileSystem, str]:
    """The file system of an address, and the path on it. Raises InputError where its kind is unknown or a package is missing."""
    kind = address.partition("://")[0]
    try:
        import fsspec
        from fsspec.core import url_to_fs

        if kind not in fsspec.available_protocols():
            raise InputError(f"{address}: no storage of kind {kind} is known; use s3://, gs:// or file://")
        # Others write there too: what was listed before is no answer.
        options: dict[str, Any] = {"auto_mkdir": True} if kind in ("file", "local") else {"use_listings_cache": False}
        files, path = url_to_fs(address, **options)
    except ImportError as error:
        fix = _PACKAGES.get(kind, "") or "the package that fsspec names"
        raise InputError(f"{address}: needs a package that is not installed ({error}): pip install {fix}") from error
    return files, str(path)


@contextmanager
def address_errors(address: str, what: str) -> Iterator[None]:
    """Have whatever a storage raises name the address, what was done there, and what to do, in one line."""
    try:
        yield
    except InputError:
        raise
    except FileNotFoundError as error:
        raise InputError(
            f"{address}: {what}: not there ({_reason(error)}); is the name right, and does the bucket exist?"
        ) from error
    except broken() as error:
        raise InputError(
            f"{address}: {what}: {_reason(error)}; look at the connection and the credentials; what was finished is kept: run "
            "the same command again"
        ) from error


def _reason(error: BaseException) -> str:
    return " ".join(str(error).split()) or type(error).__name__
