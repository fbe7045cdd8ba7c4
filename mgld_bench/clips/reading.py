"""Opening clips: one, all in a folder, or a part of one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from natsort import natsorted

from mgld_bench.cards.schemas import Crop
from mgld_bench.clips.clip import Clip, Frame, frame_range
from mgld_bench.clips.copies import is_copy_of_frames
from mgld_bench.clips.digest import DigestCache, text_digest
from mgld_bench.clips.folder import FolderClip
from mgld_bench.clips.listing import dead_link, dead_link_error, holds_logs, list_folder, unknown_file
from mgld_bench.clips.naming import given_name
from mgld_bench.clips.video import VIDEO_SUFFIXES, VideoClip
from mgld_bench.errors import InputError


def open_clip(path: Path, name: str | None = None, cache: DigestCache | None = None, colour: str = "") -> Clip:
    """The clip at ``path``: a folder of frames (png, jpg or bmp) or a video file.

    Opening a folder reads its listing and its first frame; opening a video decodes it once.

    Args:
        name: The clip's name; None: that of the folder, or of the video without its suffix, as given: links are not followed.
        cache: Digests of files, so that unchanged files are not read again.
        colour: What the samples of video without tags are (bt601, bt709, bt601-full, bt709-full); "": BT.709 from 720 stored rows
            on, else BT.601, of limited range.

    Raises:
        InputError: There is no clip, or a frame or the order of the frames is in question; the message names the file.
    """
    path = Path(path)
    if _is_folder(path):
        content = list_folder(path)
        if not content.images:
            raise InputError(f"{path}: contains no frames (png, jpg, bmp); name a folder of frames or a video file")
        if content.archives:
            raise unknown_file(content.archives[0])
        surplus_entries = [folder for folder in content.folders if not holds_logs(folder)] + content.videos
        if surplus_entries:
            surplus = surplus_entries[0].name
            raise InputError(f"{path}: contains frames and also {surplus}, so it is unclear which is the clip; move one of them")
        return FolderClip(path, content.images, given_name(path) if name is None else name, cache)
    if path.suffix.lower() in VIDEO_SUFFIXES:
        return VideoClip(path, given_name(path.with_suffix("")) if name is None else name, cache, colour)
    raise InputError(f"{path}: is neither a folder of frames nor a video ({', '.join(sorted(VIDEO_SUFFIXES))})")


def find_clips(path: Path, cache: DigestCache | None = None, colour: str = "") -> list[Clip]:
    """The clip that ``path`` is, or else every clip in it, in natural order: its subfolders of frames and its videos.

    Args:
        path: A clip, or a folder of clips.
        cache: As for `open_clip`.
        colour: As for `open_clip`.

    Raises:
        InputError: As `open_clip`, and for a folder without clips or with two clips of the same name.
    """
    path = Path(path)
    clips = [open_clip(place, cache=cache, colour=colour) for place in clip_places(path)]
    seen: dict[str, Path | None] = {}
    for clip in clips:
        if clip.name in seen:
            raise InputError(f"{path}: {seen[clip.name]} and {clip.path} are both clip {clip.name}; keep one of them")
        seen[clip.name] = clip.path
    return clips


def clip_places(path: Path) -> list[Path]:
    """Where the clips are that `find_clips` opens, without opening them: ``path`` itself, or what is in it, in natural order.

    A restored clip and the video that was written from its frames (its side file names it) are one clip: that of the frames.

    Raises:
        InputError: There is nothing that could be a clip.
    """
    if not _is_folder(path):
        return [path]
    content = list_folder(path)
    if content.images:
        return [path]
    folders = [folder for folder in content.folders if not holds_logs(folder)]
    videos = [video for video in content.videos if video.with_suffix("") not in folders or not is_copy_of_frames(video)]
    places = natsorted(folders + videos, key=lambda place: place.name)
    if not places:
        unpack = f"; unpack {content.archives[0].name}" if content.archives else ""
        raise InputError(f"{path}: contains no clips: neither frames, nor folders of frames, nor videos{unpack}")
    return places


def select_frames(clip: Clip, first: int, count: int, crop: Crop | None = None, name: str | None = None) -> Clip:
    """A view of ``count`` frames of ``clip`` from index ``first`` on.

    Args:
        crop: The rectangle that is cut out of every frame; None: whole frames.
        name: The name of the view; None: that of ``clip``.

    Raises:
        InputError: The clip lacks some of the frames, or the crop is not inside them.
    """
    if first < 0 or count < 1 or first + count > clip.frame_count:
        raise InputError(
            f"clip {clip.name} has {clip.frame_count} frames: there are no {count} from frame {first} on "
            f"({clip.path or 'in memory'})"
        )
    if crop is not None and (crop.top + crop.height > clip.height or crop.left + crop.width > clip.width):
        raise InputError(
            f"clip {clip.name} is {clip.width}x{clip.height}: a crop of {crop.width}x{crop.height} at left {crop.left}, "
            f"top {crop.top} extends outside ({clip.path or 'in memory'})"
        )
    return SelectedClip(clip, first, count, crop, clip.name if name is None else name)


class SelectedClip(Clip):
    """What `select_frames` returns."""

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
            numbered_from=tuple(number + first for number in clip.facts.numbered_from),
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`."""
        wanted = frame_range(self.facts, start, stop)
        return self._cut(self._clip.frames(self._first + wanted.start, self._first + wanted.stop))

    def digest(self) -> str:
        """sha256 (hex) of the source's digest and of what is selected."""
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
        if dead_link(path):
            raise dead_link_error(path)
        if not path.exists():
            raise InputError(f"{path}: does not exist")
        return path.is_dir()
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
