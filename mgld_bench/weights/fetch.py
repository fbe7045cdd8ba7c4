"""Downloads weight files into the weights folder: complete and checked, or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from filelock import FileLock, Timeout

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.digest import file_sha256
from mgld_bench.errors import InputError
from mgld_bench.weights.answer import DownloadError
from mgld_bench.weights.download import BytesDone, Wanted, download, forget
from mgld_bench.weights.locate import change, disagreement, fetched_path, locate, record_sha256, recorded_sha256, what_it_is
from mgld_bench.weights.offline import is_offline

Examine = Callable[[Path], None]
"""Looks into a file that no digest proves, under its final name; raises InputError where it holds something different."""


def fetch(weight: WeightFile, progress: BytesDone, examine: Examine | None = None) -> Path:
    """The local file of ``weight``, downloaded from its addresses in order where it is missing or wrong.

    The file gets its name only once its size and sha256 match its card. Where the card does not pin the whole sha256, they must
    also match what was recorded at first use; if nothing is recorded, the sha256 is recorded now. An interrupted download is
    resumed, even after Ctrl-C or a crash. Processes that fetch the same file at the same time wait for one of them.

    Args:
        weight: The file.
        progress: Called with the bytes that are here.
        examine: Called with a complete file whose card does not pin the whole sha256, before it is kept.

    Raises:
        InputError: The file cannot be fetched; the message gives what each address answered.
    """
    target = fetched_path(weight)
    problem = _problem(target, weight)
    if problem is None:
        return target
    if is_offline():
        raise InputError(f"{problem}; not fetched, because --offline or MGLD_BENCH_OFFLINE is set")
    if not weight.url:
        raise InputError(problem)
    partial = target.with_name(f".{target.name}.partial")
    with _alone(target, partial, weight, progress):
        # Another process may have fetched it meanwhile.
        if _problem(target, weight) is not None:
            _fetch_from_any(target, partial, weight, progress, examine)
    return target


def _problem(target: Path, weight: WeightFile) -> str | None:
    """Why the file must be fetched; None where it is here and correct."""
    try:
        locate(weight)
    except InputError as error:
        return str(error)
    return None


@contextmanager
def _alone(target: Path, partial: Path, weight: WeightFile, progress: BytesDone) -> Iterator[None]:
    """A block that only one process at a time runs for this file; while waiting, the other process's progress is reported."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(target.with_name(f".{target.name}.lock"))
        while not lock.is_locked:
            try:
                lock.acquire(timeout=1)
            except Timeout:
                progress(partial.stat().st_size if partial.exists() else 0, weight.size)
    except OSError as error:
        raise InputError(f"{target.parent}: cannot be written: {error.strerror}") from None
    try:
        yield
    finally:
        lock.release()


def _fetch_from_any(target: Path, partial: Path, weight: WeightFile, progress: BytesDone, examine: Examine | None) -> None:
    failures = []
    for address in weight.url:
        try:
            _fetch_from(address, target, partial, weight, progress, examine)
        except DownloadError as error:
            failures.append(f"{address}: {error}")
        else:
            return
    by_hand = f"; {weight.obtain}" if weight.obtain else ""
    raise InputError(f"weight file {weight.file} could not be fetched: {'; '.join(failures)}{by_hand}")


def _fetch_from(
    address: str, target: Path, partial: Path, weight: WeightFile, progress: BytesDone, examine: Examine | None
) -> None:
    checked = bool(weight.sha256 or weight.sha256_start or recorded_sha256(target))
    download(address, partial, Wanted(weight.size, checked), progress)
    sha256 = file_sha256(partial)
    problem = disagreement(weight, partial.stat().st_size, sha256)
    if problem is None and not (weight.sha256 or weight.sha256_start):
        problem = what_it_is(partial, weight, walk=True)
    if problem is None and not weight.sha256:
        problem = change(target, sha256)
    if problem is None and not weight.sha256 and examine is not None:
        problem = _found_by(examine, partial, weight)
    if problem is not None:
        forget(partial)
        raise DownloadError(f"sent a different file: {problem}")
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    forget(partial)
    if not weight.sha256:
        record_sha256(target, sha256)


def _found_by(examine: Examine, partial: Path, weight: WeightFile) -> str | None:
    """What is wrong with the content of a partial file that is complete; None where nothing is."""
    with TemporaryDirectory() as folder:
        # Readers go by the suffix of the name.
        named = Path(folder) / PurePath(weight.file).name
        named.symlink_to(partial.absolute())
        try:
            examine(named)
        except InputError as error:
            return str(error).replace(f"{named}: ", "", 1)
    return None
