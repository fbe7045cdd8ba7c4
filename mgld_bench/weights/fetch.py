"""Fetches weight files into the weights folder: whole, checked, or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from mgld_bench.cards.schemas import WeightFile
from mgld_bench.clips.digest import file_sha256
from mgld_bench.errors import InputError
from mgld_bench.weights.download import BytesDone, DownloadError, Wanted, download, forget
from mgld_bench.weights.locate import change, disagreement, fetched_path, locate, record_sha256, recorded_sha256
from mgld_bench.weights.offline import is_offline


def fetch(weight: WeightFile, progress: BytesDone) -> Path:
    """The local file of ``weight``, fetched from its addresses in order where it is missing or wrong.

    It takes its name only once size and sha256 agree with its card (and with what was recorded at its first use, where the card
    does not pin the whole sha256; else that is recorded now). A download that was broken off, also by Ctrl-C or a crash, is gone
    on with. Processes that fetch the same file at the same time wait for one of them. Raises InputError where it cannot be had,
    with what each address answered.
    """
    target = fetched_path(weight)
    problem = _problem(target, weight)
    if problem is None:
        return target
    if is_offline():
        raise InputError(f"{problem}; it is not fetched, since --offline or MGLD_BENCH_OFFLINE is set")
    if not weight.url:
        raise InputError(problem)
    partial = target.with_name(f".{target.name}.partial")
    with _alone(target, partial, weight, progress):
        # Another process may have fetched it meanwhile.
        if _problem(target, weight) is not None:
            _fetch_from_any(target, partial, weight, progress)
    return target


def _problem(target: Path, weight: WeightFile) -> str | None:
    """Why the file has to be fetched; None where it is here and right."""
    try:
        locate(weight)
    except InputError as error:
        return str(error)
    return None


@contextmanager
def _alone(target: Path, partial: Path, weight: WeightFile, progress: BytesDone) -> Iterator[None]:
    """The only process that fetches this file; while another one does, its progress is told."""
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


def _fetch_from_any(target: Path, partial: Path, weight: WeightFile, progress: BytesDone) -> None:
    failures = []
    for address in weight.url:
        try:
            _fetch_from(address, target, partial, weight, progress)
        except DownloadError as error:
            failures.append(f"{address}: {error}")
        else:
            return
    other = f"; {weight.obtain}" if weight.obtain else ""
    raise InputError(f"weight file {weight.file} could not be fetched: {'; '.join(failures)}{other}")


def _fetch_from(address: str, target: Path, partial: Path, weight: WeightFile, progress: BytesDone) -> None:
    checked = bool(weight.sha256 or weight.sha256_start or recorded_sha256(target))
    download(address, partial, Wanted(weight.size, checked), progress)
    sha256 = file_sha256(partial)
    problem = disagreement(weight, partial.stat().st_size, sha256)
    if problem is None and not weight.sha256:
        problem = change(target, sha256)
    if problem is not None:
        forget(partial)
        raise DownloadError(f"sent another file: {problem}")
    try:
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.replace(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None
    forget(partial)
    if not weight.sha256:
        record_sha256(target, sha256)
