"""Rebuilds the LR frames of a pair from the bitstream that was stored with it."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from mgld_bench.clips.clip import Frame
from mgld_bench.clips.digest import frames_sha256
from mgld_bench.clips.writing import frame_name, write_frame
from mgld_bench.degradation.pipeline import finish_frames
from mgld_bench.errors import CheckError, InputError
from mgld_bench.pairs.record import PairRecord, read_record


def frames_from_stream(folder: Path, record: PairRecord) -> Iterator[Frame]:
    """The LR frames (h/4, w/4, 3) uint8 RGB, from the last stored bitstream: no encoder, no noise, no ground truth."""
    return finish_frames(record.plan, folder / record.streams[-1].file, lambda op, index, frame: None)


def rebuild_from_stream(folder: Path, clip: str) -> Path:
    """Write folder/LQ/<clip>/%08d.png from the side file and the bitstream beside it; returns that folder.

    The frames are compared with the side file first. Raises CheckError, and writes nothing, where one differs, and InputError
    where a file is missing or damaged.
    """
    record = read_record(folder, clip)
    target = folder / "LQ" / clip
    temporary = target.with_name(f".{clip}.{secrets.token_hex(8)}.tmp")
    try:
        for index, frame in enumerate(frames_from_stream(folder, record)):
            if frames_sha256([frame])[0] != record.LQ.sha256[index]:
                raise CheckError(
                    f"clip {clip}: frame {index} rebuilt from {record.streams[-1].file} differs from the side file's"
                )
            write_frame(temporary / frame_name(index), frame)
        if target.is_dir():
            shutil.rmtree(target)
        temporary.rename(target)
    except OSError as error:
        raise InputError(f"{target}: cannot be written: {error.strerror}") from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return target
