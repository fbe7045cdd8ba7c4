"""Files that are made once and kept under a key of their content: the next report only links to them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Lock
from typing import Final

from filelock import FileLock, Timeout

from mgld_bench.clips.atomic import TEMPORARY, hidden_name, replacing, require_writable
from mgld_bench.clips.listing import matching
from mgld_bench.engine.progress import Progress, stage
from mgld_bench.errors import InputError
from mgld_bench.report.videos.as_made import record_made, remove_changed
from mgld_bench.threads import threads

_POLL_SECONDS: Final = 0.2
_MOST_AT_ONCE: Final = 16
"""Encoders that run side by side: more would wait for the disk."""


@dataclass(frozen=True)
class KeptFile:
    """A file that is made where it is not there yet."""

    key: str
    """Digest of everything that its bytes depend on."""
    suffix: str
    frames: int
    """How many frames making it reads."""
    make: Callable[[Path, Callable[[], None]], None]
    """Writes the file; calls its second argument after each frame."""

    def place(self, kept: Path) -> Path:
        """Where it is kept, below ``kept``."""
        return kept / self.key[:2] / f"{self.key}{self.suffix}"


def missing(files: Sequence[KeptFile], kept: Path) -> list[KeptFile]:
    """Those that have to be made; each once."""
    return [file for file in {(file.key, file.suffix): file for file in files}.values() if not file.place(kept).is_file()]


def make_missing(files: Sequence[KeptFile], kept: Path, progress: Progress, name: str) -> None:
    """Make the ``files`` that are not kept yet, or are no longer as they were made, several at a time.

    Whatever ends this early (Ctrl-C, a full disk, a kill), what was finished stays, and the next call goes on from there.

    Args:
        files: What is wanted.
        kept: The folder where they are kept.
        progress: Hears how far it is, under ``name``.

    Raises:
        InputError: A frame cannot be read, an encoder fails, or ``kept`` cannot be written to.
    """
    if not files:
        return
    require_writable(kept)
    places = [file.place(kept) for file in files]
    with _only_one(kept, progress):
        changed = remove_changed(places, kept)
        if changed:
            progress.log(f"{name}: {len(changed)} of {len(files)} kept files were changed since, and are made again")
        wanted = missing(files, kept)
        if wanted:
            _remove_left_over(kept)
            total = sum(file.frames for file in wanted)
            with stage(progress, name, total):
                _make(wanted, kept, progress)
        record_made(places, kept)


def put(file: KeptFile, kept: Path, target: Path) -> None:
    """Let ``target`` be the kept file; see `put_file`."""
    put_file(file.place(kept), target)


def put_file(source: Path, target: Path) -> None:
    """Let ``target`` be the file ``source``: the same file on disk (a hard link) where that is possible, else a copy."""
    try:
        if target.exists() and target.samefile(source):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        linked = target.with_name(hidden_name(target.name, ".link"))
        linked.unlink(missing_ok=True)
        try:
            os.link(source, linked)
            linked.replace(target)
            return
        except OSError:
            # Another file system, or one without links.
            linked.unlink(missing_ok=True)
        with replacing(target) as temporary:
            shutil.copyfile(source, temporary)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from None


class _StoppedError(Exception):
    """Ends the work of a thread."""


def _make(wanted: Sequence[KeptFile], kept: Path, progress: Progress) -> None:
    stop, lock, count = Event(), Lock(), 0

    def frame_done() -> None:
        nonlocal count
        if stop.is_set():
            raise _StoppedError
        with lock:
            count += 1

    def make(file: KeptFile) -> None:
        if stop.is_set():
            return
        with replacing(file.place(kept)) as temporary:
            file.make(temporary, frame_done)

    shown = 0
    # Threads, since each only feeds an encoder, which is a process of its own with one thread.
    with ThreadPoolExecutor(min(_MOST_AT_ONCE, max(1, threads()))) as pool:
        left = {pool.submit(make, file) for file in wanted}
        try:
            while left:
                done, left = wait(left, timeout=_POLL_SECONDS, return_when=FIRST_EXCEPTION)
                for future in done:
                    future.result()
                now = count
                progress.advance(now - shown)
                shown = now
        finally:
            stop.set()
            pool.shutdown(wait=True, cancel_futures=True)


@contextmanager
def _only_one(kept: Path, progress: Progress) -> Iterator[None]:
    """One report at a time makes files, so that none is made twice and what a killed one left can be removed."""
    lock = FileLock(kept / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress.log(f"waiting: another report is making videos in {kept}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _remove_left_over(kept: Path) -> None:
    for path in matching(kept, "*", f".*{TEMPORARY}"):
        path.unlink(missing_ok=True)
