"""Opening clips: one, or all that a folder holds."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from natsort import natsorted

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import Clip, Frame, frame_range
from mgld_bench.clips.digest import DigestCache, text_digest
from mgld_bench.clips.folder import FolderClip
from mgld_bench.clips.image import IMAGE_SUFFIXES
from mgld_bench.clips.video import VIDEO_SUFFIXES, VideoClip
from mgld_bench.errors import InputError

_SIDE_SUFFIXES = frozenset({".json", ".txt", ".md", ".csv", ".tsv", ".yaml", ".yml", ".log", ".xml", ".html", ".ini", ".db"})
"""Files of notes, results and file managers (Thumbs.db, desktop.ini) that lie beside frames and clips."""
_SIDE_FOLDERS = frozenset({"__MACOSX", "@eaDir"})


@dataclass(frozen=True)
class _Content:
    """What lies in a folder; hidden files and side files left out."""

    images: list[Path]
    videos: list[Path]
    folders: list[Path]


def open_clip(path: Path, name: str | None = None, cache: DigestCache | None = None) -> Clip:
    """The clip at ``path``: a folder of frames (png, jpg or bmp) or a video file.

    ``name``: else the folder's, or the video's without its ending. ``cache`` spares the digest of files that have not changed.
    Opening a folder reads its listing and first frame, opening a video decodes it once. Raises InputError that names the file for
    whatever leaves a frame or the order of frames in doubt.
    """
    path = Path(path)
    if _is_folder(path):
        content = _content(path)
        if not content.images:
            raise InputError(f"{path}: holds no frames (png, jpg, bmp): name a folder of frames or a video file")
        if content.folders or content.videos:
            other = (content.folders + content.videos)[0].name
            raise InputError(f"{path}: holds frames and also {other}: which is the clip? move one of them elsewhere")
        return FolderClip(path, content.images, path.resolve().name if name is None else name, cache)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoClip(path, path.stem if name is None else name, cache)
    raise InputError(f"{path}: is neither a folder of frames nor a video ({', '.join(sorted(VIDEO_SUFFIXES))})")


def find_clips(path: Path, cache: DigestCache | None = None) -> list[Clip]:
    """The clip that ``path`` is, or else every clip in it, in natural order: its sub-folders of frames and its videos.

    Raises InputError as open_clip, for a folder without clips, and for two clips of one name.
    """
    path = Path(path)
    if not _is_folder(path):
        return [open_clip(path, cache=cache)]
    content = _content(path)
    if content.images:
        return [open_clip(path, cache=cache)]
    places = natsorted(content.folders + content.videos, key=lambda place: place.name)
    if not places:
        raise InputError(f"{path}: holds no clips: neither frames, nor folders of frames, nor videos")
    clips = [open_clip(place, cache=cache) for place in places]
    seen: dict[str, Path | None] = {}
    for clip in clips:
        if clip.name in seen:
            raise InputError(f"{path}: {seen[clip.name]} and {clip.path} are both clip {clip.name}: keep one of them")
        seen[clip.name] = clip.path
    return clips


def select_frames(clip: Clip, first: int, count: int, crop: Crop | None = None, name: str | None = None) -> Clip:
    """A view of ``count`` frames of ``clip`` from index ``first`` on, each cut to ``crop``.

    Raises InputError where the clip lacks some of the frames or the crop does not lie inside them.
    """
    if first < 0 or count < 1 or first + count > clip.frame_count:
        raise InputError(
            f"clip {clip.name} has {clip.frame_count} frames: {count} from frame {first} on cannot be taken "
            f"({clip.path or 'in memory'})"
        )
    if crop is not None and (crop.top + crop.height > clip.height or crop.left + crop.width > clip.width):
        raise InputError(
            f"clip {clip.name} is {clip.width}x{clip.height}: a crop of {crop.width}x{crop.height} at left {crop.left}, "
            f"top {crop.top} reaches outside ({clip.path or 'in memory'})"
        )
    return SelectedClip(clip, first, count, crop, clip.name if name is None else name)


class SelectedClip(Clip):
    """What select_frames() returns."""

    def __init__(self, clip: Clip, first: int, count: int, crop: Crop | None, name: str) -> None:
        self._clip = clip
        self._first = first
        self._crop = crop
        self.path = clip.path
        self.facts = replace(
            clip.facts,
            name=name,
            frame_count=count,
            height=clip.height if crop is None else crop.height,
            width=clip.width if crop is None else crop.width,
            frame_names=clip.facts.frame_names[first : first + count],
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See Clip.frames."""
        wanted = frame_range(self.facts, start, stop)
        return self._cut(self._clip.frames(self._first + wanted.start, self._first + wanted.stop))

    def digest(self) -> str:
        """sha256 (hex) of the source's digest and of what is taken from it."""
        crop = None if self._crop is None else self._crop.model_dump()
        return text_digest([self._clip.digest(), self._first, self.frame_count, crop])

    def _cut(self, frames: Iterator[Frame]) -> Iterator[Frame]:
        for frame in frames:
            if self._crop is None:
                yield frame
            else:
                top, left = self._crop.top, self._crop.left
                yield np.ascontiguousarray(frame[top : top + self._crop.height, left : left + self._crop.width])


def _is_folder(path: Path) -> bool:
    try:
        if not path.exists():
            raise InputError(f"{path}: does not exist")
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None


def _content(folder: Path) -> _Content:
    content = _Content([], [], [])
    try:
        with os.scandir(folder) as entries:
            # scandir knows what is a folder without asking the file system once per frame.
            found = sorted((entry.name, entry.is_dir()) for entry in entries)
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    for name, is_folder in found:
        place = folder / name
        suffix = place.suffix.lower()
        if name.startswith(".") or name in _SIDE_FOLDERS or (suffix in _SIDE_SUFFIXES and not is_folder):
            continue
        if is_folder:
            content.folders.append(place)
        elif suffix in IMAGE_SUFFIXES:
            content.images.append(place)
        elif suffix in VIDEO_SUFFIXES:
            content.videos.append(place)
        else:
            raise InputError(f"{place}: is none of png, jpg, bmp, mp4, mkv, avi, mov …: convert it or move it elsewhere")
    return content
