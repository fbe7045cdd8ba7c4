"""The lossless video of a restored clip beside its frames, named in the clip's side file."""

from __future__ import annotations

import filecmp
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
    """Raise InputError where a file is in the place of a clip's video that cannot be that; see also write_video_copy()."""
    if path.exists() and record is None:
        raise _occupied(path)


def write_video_copy(folder: Path, name: str, rate: Fraction, overwrite: bool = False) -> None:
    """Write the restored clip as a video of ``rate`` frames per second, unless it is there, and name it in the side file.

    A video that the side file does not name is taken where it is the same, byte for byte: a run that was killed between the two
    has left it.

    Raises:
        InputError: It cannot be written, or a different file is in its place and not to be overwritten.
    """
    record = read_record(record_path(folder, name))
    if record is None:
        raise InputError(f"{record_path(folder, name)}: is gone; restore the clip again")
    path = video_path(folder, name)
    there = record.video
    named = there is not None and there.is_at(path)
    if there is not None and named and Fraction(there.frames_per_second) == rate:
        return
    if named or overwrite or not path.exists():
        write_video(path, open_clip(folder / name, name).frames(), rate)
    else:
        _require_same(path, folder, name, rate)
    copy = VideoCopy(file=path.name, size=path.stat().st_size, frames_per_second=str(rate))
    write_json_atomic(record_path(folder, name), record.model_copy(update={"video": copy}).model_dump(mode="json"))


def _require_same(path: Path, folder: Path, name: str, rate: Fraction) -> None:
    """Raise InputError unless ``path`` is what the clip's video would be."""
    again = path.with_name(f".{path.stem}.again{path.suffix}")
    try:
        write_video(again, open_clip(folder / name, name).frames(), rate)
        if not filecmp.cmp(path, again, shallow=False):
            raise _occupied(path)
    finally:
        again.unlink(missing_ok=True)


def _occupied(path: Path) -> InputError:
    return InputError(f"{path}: exists, but is not the video of the restored clip; move it away, or replace it with --overwrite")


def remove_video(folder: Path, record: RestoreRecord) -> None:
    """Delete the video of a restored clip that has been replaced: its frames are others."""
    if record.video is not None and record.video.is_at(folder / record.video.file):
        (folder / record.video.file).unlink()
