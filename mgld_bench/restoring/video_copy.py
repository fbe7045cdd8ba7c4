"""The lossless video of a restored clip beside its frames, named in the clip's side file."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

from mgld_bench.clips.atomic import write_json_atomic
from mgld_bench.clips.copies import VideoCopy
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.writing import write_video
from mgld_bench.errors import InputError
from mgld_bench.restoring.record import RestoreRecord, read_record, record_path


def video_path(folder: Path, name: str) -> Path:
    """Where the video of the restored clip ``name`` in ``folder`` is."""
    return folder / f"{name}.mkv"


def require_room_for_video(path: Path, record: RestoreRecord | None) -> None:
    """Raise InputError where a file is in the place of the video that the side file of its clip does not name."""
    if path.exists() and not (record is not None and record.video is not None and record.video.is_at(path)):
        raise InputError(
            f"{path}: exists, but is not the video of the restored clip; move it away, or replace it with --overwrite"
        )


def write_video_copy(folder: Path, name: str, rate: Fraction) -> None:
    """Write the restored clip as a video of ``rate`` frames per second, unless it is there, and name it in the side file.

    Raises:
        InputError: It cannot be written.
    """
    record = read_record(record_path(folder, name))
    if record is None:
        raise InputError(f"{record_path(folder, name)}: is gone; restore the clip again")
    path = video_path(folder, name)
    there = record.video
    if there is not None and there.is_at(path) and Fraction(there.frames_per_second) == rate:
        return
    write_video(path, open_clip(folder / name, name).frames(), rate)
    copy = VideoCopy(file=path.name, size=path.stat().st_size, frames_per_second=str(rate))
    write_json_atomic(record_path(folder, name), record.model_copy(update={"video": copy}).model_dump(mode="json"))


def remove_video(folder: Path, record: RestoreRecord) -> None:
    """Delete the video of a restored clip that has been replaced: its frames are others."""
    if record.video is not None and record.video.is_at(folder / record.video.file):
        (folder / record.video.file).unlink()
