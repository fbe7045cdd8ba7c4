"""Runs a restorer over a clip into a folder: safely, resumably, and with a record of what it took."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.writing import frame_name
from mgld_bench.errors import InputError
from mgld_bench.memory import is_out_of_memory
from mgld_bench.methods.restorer import AnyRestorer
from mgld_bench.restoring.memory import PeakMemory
from mgld_bench.restoring.partial import FinishedFrame, PartialClip
from mgld_bench.restoring.record import RestoreRecord, library_versions, read_record, record_path
from mgld_bench.restoring.writer import BackgroundWriter

Progress = Callable[[int, int], None]
"""Called with (frames done, frames of the clip)."""


def restore_clip(
    restorer: AnyRestorer,
    clip: Clip,
    folder: Path,
    key: str,
    facts: Mapping[str, object],
    progress: Progress | None = None,
) -> RestoreRecord:
    """Restore ``clip`` into ``folder``/<clip name>/%08d.png, with the record beside it in <clip name>.json.

    ``key`` stands for all that the frames depend on: finished frames of the same key are not done again, an older restored clip
    of another key is replaced once the new one is complete. ``facts`` (plain data for JSON) are kept in the record. Interrupted
    or killed at any moment, the next call with the same key goes on from the frames that are safely on disk. Only one process at
    a time may work on a clip. Raises InputError where a frame cannot be read or written, where the restorer gives frames of
    another number or size, or where memory is not enough.
    """
    partial = PartialClip(folder, clip.name)
    partial.recover()
    finished = _finished(folder, clip, key)
    if finished is not None:
        _tell(progress, clip.frame_count, clip.frame_count)
        return finished
    partial.open(key)
    height, width = restorer.scale * clip.height, restorer.scale * clip.width
    done = partial.finished(height, width)[: clip.frame_count]
    if len(done) < clip.frame_count:
        done = done[: restorer.resume_point(len(done))]
    partial.keep(done)
    if len(done) < clip.frame_count:
        done += _restore_rest(restorer, clip, partial, len(done), progress)
    record = _record(restorer, clip, key, facts, done)
    partial.publish(record)
    _tell(progress, clip.frame_count, clip.frame_count)
    return record


def _restore_rest(
    restorer: AnyRestorer, clip: Clip, partial: PartialClip, start: int, progress: Progress | None
) -> list[FinishedFrame]:
    """Restore and write the frames from ``start`` on."""
    entries: list[FinishedFrame] = []
    _tell(progress, start, clip.frame_count)
    with PeakMemory(restorer.compute) as memory, BackgroundWriter() as writer:
        for frame, seconds in _timed(_with_enough_memory(restorer, clip, start)):
            index = start + len(entries)
            _check_frame(restorer, clip, index, frame)
            entry = FinishedFrame(
                index=index,
                sha256=frames_sha256([frame])[0],
                seconds=seconds,
                peak_memory=memory.resident,
                peak_gpu_memory=memory.gpu,
            )
            writer.put(functools.partial(partial.add, frame, entry))
            entries.append(entry)
            _tell(progress, index + 1, clip.frame_count)
    if start + len(entries) != clip.frame_count:
        raise InputError(f"clip {clip.name}: {_name(restorer)} gave {start + len(entries)} frames for {clip.frame_count}")
    return entries


def _with_enough_memory(restorer: AnyRestorer, clip: Clip, start: int) -> Iterator[Frame]:
    """The restored frames. Smaller parts after a failure would give other frames on a machine that is busy: they are an error."""
    try:
        yield from restorer.restore(clip, start)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"clip {clip.name}: {_name(restorer)} ran out of memory on {restorer.compute.device}; free some, or allow the method "
            f"less with --max-memory, so that it works in smaller parts where it can"
        ) from error


def _finished(folder: Path, clip: Clip, key: str) -> RestoreRecord | None:
    """The record of a complete restored clip of this key."""
    record = read_record(record_path(folder, clip.name))
    if record is None or record.key != key:
        return None
    expected = {frame_name(index) for index in range(record.frame_count)}
    place = folder / clip.name
    there = {path.name for path in place.iterdir()} if place.is_dir() else set()
    return record if expected <= there else None


def _timed(frames: Iterator[Frame]) -> Iterator[tuple[Frame, float]]:
    """Each frame with the seconds that it took to come."""
    while True:
        began = time.perf_counter()
        frame = next(frames, None)
        if frame is None:
            return
        yield frame, time.perf_counter() - began


def _check_frame(restorer: AnyRestorer, clip: Clip, index: int, frame: Frame) -> None:
    expected = (restorer.scale * clip.height, restorer.scale * clip.width, 3)
    if index >= clip.frame_count:
        raise InputError(f"clip {clip.name}: {_name(restorer)} gave more than its {clip.frame_count} frames")
    if frame.shape != expected or frame.dtype != "uint8":
        raise InputError(
            f"clip {clip.name}, frame {index}: {_name(restorer)} gave {frame.shape} {frame.dtype}, expected {expected} uint8"
        )


def _record(
    restorer: AnyRestorer, clip: Clip, key: str, facts: Mapping[str, object], frames: list[FinishedFrame]
) -> RestoreRecord:
    gpu = [frame.peak_gpu_memory for frame in frames if frame.peak_gpu_memory is not None]
    return RestoreRecord(
        name=clip.name,
        key=key,
        facts=dict(facts),
        frame_count=len(frames),
        height=restorer.scale * clip.height,
        width=restorer.scale * clip.width,
        sha256=tuple(frame.sha256 for frame in frames),
        seconds=tuple(round(frame.seconds, 6) for frame in frames),
        peak_memory=max(frame.peak_memory for frame in frames),
        peak_gpu_memory=max(gpu, default=None),
        device=restorer.compute.describe_device(),
        precision=restorer.compute.precision,
        notes=dict(restorer.notes(clip)),
        versions=library_versions(),
    )


def _name(restorer: AnyRestorer) -> str:
    return type(restorer).__name__


def _tell(progress: Progress | None, done: int, total: int) -> None:
    if progress is not None:
        progress(done, total)
