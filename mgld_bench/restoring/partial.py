"""A partially restored clip on disk: killed at any moment, it loses no more than the frames in flight."""

from __future__ import annotations

import os
import shutil
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Final

from pydantic import BaseModel, ConfigDict, ValidationError

from mgld_bench.clips.atomic import PARTIAL, hidden_name, write_bytes_atomic, write_json_atomic
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.image import read_image
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.errors import InputError, first_of
from mgld_bench.restoring.record import RestoreRecord, read_record, record_path

_WAITING_BYTES: Final = 128 * 2**20
"""Of frames that may wait to be written; beyond these the computation waits. Methods that restore many frames together give them
in bursts: 40 frames of 1280x720 fit."""


class FinishedFrame(BaseModel):
    """One line of the journal: a frame that is safely on disk."""

    model_config = ConfigDict(frozen=True)

    index: int
    sha256: str
    seconds: float
    peak_memory: int
    peak_gpu_memory: int | None


class PartialClip:
    """The folder ``.<name>.partial`` beside the restored clip that is being made.

    It holds ``key`` (what the frames depend on), ``way`` (a part of that, in words), ``frames/%08d.png`` and ``journal.jsonl``: a
    line per frame, added once its file is on disk. `publish` replaces an older restored clip by these frames, after moving the
    older one into the same folder; `recover` undoes a publish that was killed half-way, so that both clips are whole again.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self._final = folder / name
        self._record = record_path(folder, name)
        self._home = folder / hidden_name(name, PARTIAL)
        self._frames = self._home / "frames"
        self._key = self._home / "key"
        self._way = self._home / "way"
        self._journal = self._home / "journal.jsonl"
        self._replaced = self._home / "replaced"
        self._replaced_record = self._home / "replaced.json"

    def recover(self) -> None:
        """Undo a `publish` that was killed half-way, or clean up after one that was not; a partial clip stays."""
        if self._frames.exists() and not self._replaced_record.exists():
            return
        key, record = self._stored_key(), read_record(self._record)
        if not self._frames.exists():
            if key is None or (record is not None and record.key == key):
                shutil.rmtree(self._home, ignore_errors=True)
                return
            self._final.replace(self._frames)
        if self._replaced.exists():
            self._replaced.replace(self._final)
        if self._replaced_record.exists():
            self._replaced_record.replace(self._record)

    def open(self, key: str, way: str = "") -> str | None:
        """Resume what an interrupted run with the same ``key`` left, or start afresh.

        Args:
            key: what the frames depend on.
            way: on what device and in what parts they are made, in words.

        Returns:
            What is dropped and why, in words; None where nothing is.

        Raises:
            InputError: if files that no restore has made are in the place of the restored clip.
        """
        if self._final.exists() and read_record(self._record) is None:
            raise InputError(
                f"{self._final}: exists, but was not made by a restore; move it away or choose a different output folder"
            )
        dropped = None
        if self._stored_key() != key:
            dropped = self._dropped(way)
            # The key goes first: to `recover`, a folder with a key and without frames is a publish that was killed.
            self._key.unlink(missing_ok=True)
            shutil.rmtree(self._home, ignore_errors=True)
        self._frames.mkdir(parents=True, exist_ok=True)
        write_bytes_atomic(self._way, way.encode())
        write_bytes_atomic(self._key, key.encode())
        return dropped

    def finished(self, height: int, width: int) -> list[FinishedFrame]:
        """The frames from 0 on, without a gap, that the journal lists and whose files still hold what was written."""
        known = {entry.index: entry for entry in self._read_journal()}
        found: list[FinishedFrame] = []
        while len(found) in known:
            entry = known[len(found)]
            frame = _read_frame(self._frame_path(entry.index))
            if frame is None or frame.shape != (height, width, 3) or frames_sha256([frame]) != [entry.sha256]:
                break
            found.append(entry)
        return found

    def keep(self, entries: Iterable[FinishedFrame]) -> None:
        """Resume from exactly these frames; everything else that is there is deleted."""
        kept = list(entries)
        write_bytes_atomic(self._journal, "".join(f"{entry.model_dump_json()}\n" for entry in kept).encode())
        names = {self._frame_path(entry.index).name for entry in kept}
        for path in self._frames.iterdir():
            if path.name not in names:
                path.unlink()

    def add(self, frame: Frame, entry: FinishedFrame) -> None:
        """Write one frame, then add it to the journal."""
        path = self._frame_path(entry.index)
        write_frame(path, frame)
        try:
            with self._journal.open("ab") as journal:
                journal.write(f"{entry.model_dump_json()}\n".encode())
                journal.flush()
                os.fsync(journal.fileno())
        except OSError as error:
            raise InputError(f"{self._journal}: cannot be written: {error.strerror}") from None

    def publish(self, record: RestoreRecord) -> None:
        """Make these frames the restored clip, replacing an older one, and write its record last.

        Raises InputError where a frame that was written is no longer there.
        """
        gone = [index for index in range(record.frame_count) if not self._frame_path(index).exists()]
        if gone:
            raise InputError(
                f"{self._frames}: {len(gone)} frames disappeared while the clip was restored ({first_of(gone)}); "
                "run the same command again, and leave the folder alone meanwhile"
            )
        new_record = self._home / "record.json"
        write_json_atomic(new_record, record.model_dump(mode="json"))
        if self._record.exists():
            self._record.replace(self._replaced_record)
        if self._final.exists():
            self._final.replace(self._replaced)
        self._frames.replace(self._final)
        new_record.replace(self._record)
        shutil.rmtree(self._home)

    def _stored_key(self) -> str | None:
        return _text(self._key)

    def _dropped(self, way: str) -> str | None:
        """What an interrupted run left that cannot be continued."""
        count = len(self._read_journal())
        if not count:
            return None
        before = _text(self._way)
        reason = f"{before}, now {way}" if before not in (None, way) else "from a different input or with different settings"
        return f"{count} frames of an interrupted run were made {reason}"

    def _read_journal(self) -> list[FinishedFrame]:
        try:
            lines = self._journal.read_bytes().splitlines()
        except FileNotFoundError:
            return []
        entries = []
        for line in lines:
            try:
                entries.append(FinishedFrame.model_validate_json(line))
            except ValidationError:
                # A line that a kill cut short: its frame and all after it are restored again.
                break
        return entries

    def _frame_path(self, index: int) -> Path:
        return self._frames / frame_name(index)


def _text(path: Path) -> str | None:
    try:
        # Bytes that are no text match nothing that was written.
        return path.read_bytes().decode(errors="replace")
    except FileNotFoundError:
        return None


class BackgroundWriter:
    """Runs write jobs one after the other in its own thread, while the next frame is computed; their frames' bytes are bounded.

    An error in a job is raised by the next `put`, or on leaving ``with``. Jobs that were put are finished even when an exception
    such as KeyboardInterrupt leaves the ``with`` block.
    """

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="frame-writer")
        self._pending: deque[tuple[Future[None], int]] = deque()
        self._waiting = 0

    def __enter__(self) -> BackgroundWriter:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._pool.shutdown(wait=True)
        if kind is None:
            self._collect(0)

    def put(self, job: Callable[[], None], size: int) -> None:
        """Queue ``job``, which holds ``size`` bytes; blocks while too much is waiting."""
        self._collect(_WAITING_BYTES - size)
        self._pending.append((self._pool.submit(job), size))
        self._waiting += size

    def _collect(self, allowed: int) -> None:
        while self._pending and (self._waiting > allowed or self._pending[0][0].done()):
            job, size = self._pending.popleft()
            self._waiting -= size
            job.result()


def _read_frame(path: Path) -> Frame | None:
    """The frame in the file; None if there is no file, or not a whole picture in it."""
    try:
        return read_image(path)[1]
    except InputError:
        return None
