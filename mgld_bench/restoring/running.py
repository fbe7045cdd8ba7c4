"""Restores one clip into a folder: safely, resumably, and with a record of what it took."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timezone
from pathlib import Path

import numpy as np

from mgld_bench.clips.clip import Clip, Frame, FramesDone
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.handling import handling
from mgld_bench.clips.writing import frame_name
from mgld_bench.errors import InputError
from mgld_bench.memory import is_out_of_memory
from mgld_bench.methods.compute import machine_name
from mgld_bench.methods.restorer import AnyRestorer, NotFiniteError
from mgld_bench.restoring.partial import BackgroundWriter, FinishedFrame, PartialClip
from mgld_bench.restoring.peak_memory import PeakMemory
from mgld_bench.restoring.record import RestoreRecord, library_versions, read_record, record_path
from mgld_bench.restoring.way import Way, in_words, way_of
from mgld_bench.threads import threads


def restore_clip(
    restorer: AnyRestorer,
    clip: Clip,
    folder: Path,
    key: str,
    facts: Mapping[str, object],
    frames_done: FramesDone | None = None,
    *,
    way: Way | None = None,
    log: Callable[[str], None] | None = None,
) -> RestoreRecord:
    """Restore ``clip`` into ``folder``/<clip name>/%08d.png, with the record beside it in <clip name>.json.

    Interrupted or killed at any moment, the next call with the same key resumes from the frames that are safely on disk. Only
    one process at a time may work on a clip.

    Args:
        restorer: the method.
        clip: the LR clip.
        folder: the folder of restored clips.
        key: stands for all that the frames depend on. Finished frames with the same key are kept; an older restored clip with a
            different key is replaced once the new one is complete.
        facts: plain data for JSON, kept in the record: the method's card, the digests of its weights.
        frames_done: called as frames are finished; the first call counts frames of an earlier run only.
        way: in which the frames are to be made, as the key says; None: as the restorer makes them here.
        log: called with a line where finished frames are made again, because they were made in a different way.

    Returns:
        The record of the restored clip, new or as it was.

    Raises:
        InputError: if a frame cannot be read or written, if the restorer gives frames of the wrong number or size or values
            that are no picture, if memory is not enough, or if frames would be made in a different way than ``way``.
    """
    here = way_of(type(restorer), restorer.options, clip.size, restorer.compute, restorer.scale)
    if way is not None and dict(way) != dict(here):
        raise InputError(
            f"clip {clip.name}: planned {in_words(way)}, but {_name(restorer)} would now work {in_words(here)}; "
            "run the same command again"
        )
    partial = PartialClip(folder, clip.name)
    partial.recover()
    finished = _finished(folder, clip, key)
    if finished is not None:
        _report(frames_done, clip.frame_count, clip.frame_count)
        return finished
    dropped = partial.open(key, in_words(here)) or _replaced(folder, clip, here)
    if dropped and log is not None:
        log(f"clip {clip.name}: {dropped}; they are made again")
    height, width = restorer.scale * clip.height, restorer.scale * clip.width
    done = partial.finished(height, width)[: clip.frame_count]
    if len(done) < clip.frame_count:
        done = done[: restorer.resume_point(len(done))]
    partial.keep(done)
    if len(done) < clip.frame_count:
        done += _restore_rest(restorer, clip, partial, len(done), frames_done)
    record = _record(restorer, clip, key, facts, done)
    partial.publish(record)
    _report(frames_done, clip.frame_count, clip.frame_count)
    return record


def _restore_rest(
    restorer: AnyRestorer, clip: Clip, partial: PartialClip, start: int, frames_done: FramesDone | None
) -> list[FinishedFrame]:
    """Restore and write the frames from ``start`` on; returns their journal entries."""
    entries: list[FinishedFrame] = []
    _report(frames_done, start, clip.frame_count)
    with restorer.compute.float32_as_asked(), PeakMemory(restorer.compute) as memory, BackgroundWriter() as writer:
        for frame, seconds in _timed(_named(restorer, clip, start, entries)):
            index = start + len(entries)
            _check_frame(restorer, clip, index, frame)
            elsewhere, gpu_elsewhere = restorer.peak_elsewhere()
            entry = FinishedFrame(
                index=index,
                sha256=frames_sha256([frame])[0],
                seconds=seconds,
                peak_memory=max(memory.resident, elsewhere),
                peak_gpu_memory=memory.gpu if gpu_elsewhere is None else gpu_elsewhere,
            )
            # A copy: the method may use its own array for the next frame while this one is written.
            writer.put(functools.partial(partial.add, np.array(frame), entry), frame.nbytes)
            entries.append(entry)
            _report(frames_done, index + 1, clip.frame_count)
    if start + len(entries) != clip.frame_count:
        raise InputError(f"clip {clip.name}: {_name(restorer)} gave {start + len(entries)} frames for {clip.frame_count}")
    return entries


def _named(restorer: AnyRestorer, clip: Clip, start: int, entries: Sequence[FinishedFrame]) -> Iterator[Frame]:
    """The restored frames; errors name the clip, and the frame after the finished ``entries``.

    Out of memory is an error: to retry in smaller parts would give different frames on a busy machine.
    """
    try:
        yield from restorer.restore(clip, start)
    except NotFiniteError as error:
        raise InputError(
            f"clip {clip.name}, frame {start + len(entries)}: {_name(restorer)}: {error}; check the weight file, or use float32"
        ) from error
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        raise InputError(
            f"clip {clip.name}: {_name(restorer)} ran out of memory on {restorer.compute.device}; free some, or lower "
            "--max-memory, so that the method works in smaller parts if it can"
        ) from error


def _finished(folder: Path, clip: Clip, key: str) -> RestoreRecord | None:
    """The record of the restored clip, if it is complete and has this key."""
    record = read_record(record_path(folder, clip.name))
    if record is None or record.key != key:
        return None
    expected = {frame_name(index) for index in range(record.frame_count)}
    place = folder / clip.name
    there = {path.name for path in place.iterdir()} if place.is_dir() else set()
    return record if expected <= there else None


def _replaced(folder: Path, clip: Clip, here: Way) -> str | None:
    """In what way the older restored clip was made that is about to be replaced; None where that is no reason."""
    record = read_record(record_path(folder, clip.name))
    if record is None or record.way == dict(here):
        return None
    return f"its {record.frame_count} frames were made {in_words(record.way)}, now {in_words(here)}"


def _timed(frames: Iterator[Frame]) -> Iterator[tuple[Frame, float]]:
    """Each frame with the seconds it took."""
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
        precision=restorer.compute.arithmetic,
        threads=threads(),
        way=dict(way_of(type(restorer), restorer.options, clip.size, restorer.compute, restorer.scale)),
        notes={**_input_note(clip), **restorer.notes(clip)},
        versions=library_versions(),
        machine=machine_name(),
        finished_at=datetime.now(timezone.utc).isoformat(timespec="seconds"),
    )


def _input_note(clip: Clip) -> dict[str, str]:
    """What was done to the samples of the LR clip."""
    lines = handling(clip.facts)
    return {"input": "; ".join(lines)} if lines else {}


def _name(restorer: AnyRestorer) -> str:
    return type(restorer).__name__


def _report(frames_done: FramesDone | None, done: int, total: int) -> None:
    if frames_done is not None:
        frames_done(done, total)
