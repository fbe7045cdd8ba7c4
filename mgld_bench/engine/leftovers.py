"""What lies in a workspace and belongs to no unit: interrupted work, frames without a record, videos that no report shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from filelock import FileLock, Timeout

from mgld_bench.clips.atomic import PARTIAL, TEMPORARY
from mgld_bench.clips.held import UNFINISHED, is_held
from mgld_bench.clips.listing import files_below, matching
from mgld_bench.engine.beside_workers import refuse_beside_workers
from mgld_bench.engine.safe_writes import sole_writer
from mgld_bench.engine.store import Store
from mgld_bench.errors import InputError
from mgld_bench.restoring.record import read_record

VIDEOS: Final = "videos"
"""The folder of a workspace that keeps encoded videos, maps and profiles for the next report."""


_ANY: Final = "[!.]*"


@dataclass(frozen=True)
class Leftover:
    """Something that nothing needs."""

    path: Path
    what: str
    """Why it is here, in a few words."""
    size: int
    """Bytes that deleting it frees."""


def find_leftovers(workspace: Path, store: Store) -> list[Leftover]:
    """Everything in the workspace that no unit owns, by kind and place; nothing where there is no workspace.

    Whatever is deleted of it is made again where it is wanted again: nothing of it is a result.

    Args:
        workspace: the folder.
        store: its results database, which knows the restored clips. One without any knows none, and names none.
    """
    found = [
        *_temporary(workspace),
        *_pairs(workspace / "pairs"),
        *_restored(workspace / "restored", store),
        *_reports(workspace / "reports"),
        *_videos(workspace / VIDEOS),
    ]
    return list({leftover.path: leftover for leftover in found}.values())


def free_leftovers(workspace: Path, store: Store) -> list[Leftover]:
    """Delete what find_leftovers() finds; returns it.

    Raises:
        InputError: a run or a report uses the workspace, or something cannot be deleted.
    """
    with sole_writer(workspace):
        refuse_beside_workers(workspace, store)
        videos = FileLock(workspace / VIDEOS / ".lock")
        try:
            if (workspace / VIDEOS).is_dir():
                videos.acquire(timeout=0)
        except Timeout:
            raise InputError(f"{workspace / VIDEOS}: a report is making videos; wait for it") from None
        try:
            found = find_leftovers(workspace, store)
            for leftover in found:
                if leftover.path.is_dir() and not leftover.path.is_symlink():
                    shutil.rmtree(leftover.path)
                else:
                    leftover.path.unlink(missing_ok=True)
        finally:
            videos.release()
    return found


def _temporary(workspace: Path) -> Iterator[Leftover]:
    """Files that were to replace others, and folders that were not complete, wherever a process was killed."""
    pair, clip = ("pairs", _ANY, _ANY), ("pairs", _ANY, _ANY, _ANY)
    for parts in ((), pair, clip, ("restored", _ANY, _ANY), ("reports", _ANY), (VIDEOS, _ANY)):
        for path in matching(workspace, *parts, f".*{TEMPORARY}"):
            if not (path.is_file() and is_held(path)):
                yield _leftover(path, "left by a process that was killed")
    for parts in (pair, clip):
        for path in matching(workspace, *parts, f".*{PARTIAL}"):
            yield _leftover(path, "of a pair that was not finished")


def _pairs(pairs: Path) -> Iterator[Leftover]:
    """Frames and bitstreams without the side file that stands for their pair."""
    for folder in matching(pairs, _ANY, _ANY):
        clips = {side.stem for side in matching(folder, "[!.]*.json")}
        frames = [(path, path.name) for name in ("GT", "LQ") for path in matching(folder, name, _ANY)]
        streams = [(path, path.name[: -len(".video1.mp4")]) for path in matching(folder, "[!.]*.video[12].mp4")]
        for path, clip in frames + streams:
            if clip not in clips:
                yield _leftover(path, "of a pair without its side file")


def _restored(restored: Path, store: Store) -> Iterator[Leftover]:
    known = {unit.key for unit, _ in store.recorded("restore")}
    for method in matching(restored, _ANY, _ANY):
        for path in matching(method, f".*{PARTIAL}"):
            yield _leftover(path, "of a clip that was not finished; a run resumes from it")
        sides = {side.stem: side for side in matching(method, "[!.]*.json")}
        for frames in matching(method, _ANY):
            if frames.is_dir() and frames.name not in sides:
                yield _leftover(frames, "restored frames without their side file")
        for clip, side in sides.items():
            if not (method / clip).is_dir():
                yield _leftover(side, "the side file of restored frames that are gone")
            elif known and (key := _key(side)) and key not in known:
                yield _leftover(method / clip, "restored, but no run has recorded it")
                yield _leftover(side, "its side file")


def _reports(reports: Path) -> Iterator[Leftover]:
    for folder in matching(reports, _ANY, _ANY):
        mark = folder / UNFINISHED
        if not folder.is_symlink() and mark.is_file() and not is_held(mark):
            yield _leftover(folder, "a report that was not finished")


def _videos(videos: Path) -> Iterator[Leftover]:
    """Kept files that no report has as a file of its own (a second name of the same content)."""
    for path in matching(videos, _ANY, _ANY):
        if path.is_file() and path.stat().st_nlink == 1:
            yield _leftover(path, "no report shows it; the next one that needs it makes it again")


def _key(side: Path) -> str:
    try:
        record = read_record(side)
    except InputError:
        # Damaged: whoever made it is not known, and what it stands for is the user's to decide.
        return ""
    return "" if record is None else record.key


def _leftover(path: Path, what: str) -> Leftover:
    inside = files_below(path) if path.is_dir() and not path.is_symlink() else [path]
    return Leftover(path, what, sum(file.lstat().st_size for file in inside))
