"""Rebuilds the LR frames of pairs from the bitstreams stored with them: no encoder, no noise, no ground truth."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from mgld_bench.clips.atomic import PARTIAL, hidden_name
from mgld_bench.clips.clip import Frame
from mgld_bench.clips.digest import file_sha256, frames_sha256
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.degradation.pipeline import finish_frames
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.record import PairRecord, read_record
from mgld_bench.pairs.stored import frame_problems, require_side


@dataclass(frozen=True)
class PairRebuild:
    """The outcome for one pair."""

    rebuilt: bool
    """Whether the LR frames were written again: False where they were intact, or could not be rebuilt."""
    problems: tuple[str, ...]
    """What is still wrong with the pair's frames, one line each; empty where the pair is whole."""


def frames_from_stream(folder: Path, record: PairRecord) -> Iterator[Frame]:
    """The LR frames, (h/4, w/4, 3) uint8 RGB each, from the last stored bitstream.

    Raises InputError where the bitstream is missing or damaged.
    """
    stream = folder / record.streams[-1].file
    if not stream.is_file():
        raise InputError(f"{stream}: missing")
    return finish_frames(record.plan, stream)


def rebuild_pair(folder: Path, clip: str) -> PairRebuild:
    """Bring the LR frames of a pair back to what its side file records, where they are missing or damaged.

    Ground truth is checked too, but cannot be rebuilt: there is no bitstream of it.

    Args:
        folder: The folder of the dataset's pairs.
        clip: The clip's name.

    Raises:
        InputError: The side file is missing or damaged, or the frames cannot be written.
    """
    side = require_side(folder, clip)
    problems = frame_problems(folder, clip, side, "GT")
    damage = frame_problems(folder, clip, side, "LQ")
    if not damage:
        return PairRebuild(False, tuple(problems))
    if side.get("degradation") is None:
        came_with = f"{folder / 'LQ' / clip}: came with the dataset: there is no bitstream to rebuild it from"
        return PairRebuild(False, (*problems, *damage, came_with))
    record = read_record(folder, clip)
    try:
        _write_from_stream(folder, record)
    except CheckError as error:
        return PairRebuild(False, (*problems, *damage, str(error)))
    return PairRebuild(True, tuple(problems))


def _write_from_stream(folder: Path, record: PairRecord) -> None:
    """Write folder/LQ/<clip>/%08d.png. Raises CheckError, and replaces nothing, where a frame is not that of the side file."""
    target = folder / "LQ" / record.clip
    partial = target.with_name(hidden_name(record.clip, PARTIAL))
    shutil.rmtree(partial, ignore_errors=True)
    try:
        for index, frame in enumerate(_checked(folder, record)):
            write_frame(partial / frame_name(index), frame)
        if target.is_dir():
            shutil.rmtree(target)
        partial.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _checked(folder: Path, record: PairRecord) -> Iterator[Frame]:
    """The frames from the bitstream as long as they are those of the side file; then CheckError."""
    stream = record.streams[-1]
    path = folder / stream.file
    try:
        for index, frame in enumerate(frames_from_stream(folder, record)):
            if frames_sha256([frame])[0] != record.LQ.sha256[index]:
                damaged = file_sha256(path) != stream.sha256
                why = "it is not the bitstream of the side file" if damaged else "decoder or OpenCV differ from those of the pair"
                raise CheckError(f"{path}: frame {index} rebuilt from it differs from the side file: {why}")
            yield frame
    except InputError as error:
        raise CheckError(f"LR frames cannot be rebuilt: {error}") from error
