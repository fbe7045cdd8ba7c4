"""What is in a folder: frames, videos and folders, apart from what is passed over; dead links are errors."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from mgld_bench.clips.image import IMAGE_SUFFIXES
from mgld_bench.clips.passed_over import is_archive, is_log_folder, is_passed_over
from mgld_bench.clips.video import VIDEO_SUFFIXES
from mgld_bench.errors import InputError


@dataclass(frozen=True)
class Content:
    """The content of a folder, each list in the order of the names."""

    images: list[Path] = field(default_factory=list)
    videos: list[Path] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    archives: list[Path] = field(default_factory=list)


def list_folder(folder: Path) -> Content:
    """The frames, videos and folders in ``folder``.

    Raises:
        InputError: The folder cannot be read, a link in it leads nowhere, or a file is of a kind that is not read.
    """
    content = Content()
    for entry in folder_entries(folder):
        place = entry.path
        suffix = place.suffix.lower()
        if entry.is_dead_link:
            raise dead_link_error(place)
        if entry.is_folder:
            content.folders.append(place)
        elif suffix in IMAGE_SUFFIXES:
            content.images.append(place)
        elif suffix in VIDEO_SUFFIXES:
            content.videos.append(place)
        elif is_archive(place.name):
            content.archives.append(place)
        else:
            raise unknown_file(place)
    return content


def listed(folder: Path) -> list[Path]:
    """Everything in ``folder``, by name; nothing where there is no such folder.

    Raises OSError where it cannot be read, in which case Path.glob would find nothing.
    """
    try:
        return sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []


def matching(folder: Path, first: str, *others: str) -> list[Path]:
    """What matches, one pattern for each level below ``folder``, by name. Raises OSError where a folder cannot be read."""
    found = [path for path in listed(folder) if fnmatchcase(path.name, first)]
    return [below for path in found for below in matching(path, *others)] if others else found


def files_below(folder: Path) -> list[Path]:
    """Every file below ``folder``, by path, and links to files; links to folders are not followed.

    Raises OSError where a folder cannot be read, in which case Path.rglob would find nothing in it.
    """

    def refuse(error: OSError) -> None:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            raise error

    found = (Path(place, name) for place, _, names in os.walk(folder, onerror=refuse) for name in names)
    return sorted(path for path in found if path.is_file())


@dataclass(frozen=True)
class Entry:
    """One entry of a folder."""

    path: Path
    is_folder: bool
    is_dead_link: bool


def folder_entries(folder: Path) -> list[Entry]:
    """Every entry of ``folder`` that is not passed over, in the order of their names.

    Raises:
        InputError: The folder cannot be read.
    """
    try:
        with os.scandir(folder) as entries:
            # scandir knows which entries are folders without asking the file system once per frame.
            found = [Entry(folder / entry.name, _is_folder(entry), _is_dead(entry)) for entry in entries]
    except OSError as error:
        raise InputError(f"{folder}: cannot be read: {error.strerror}") from None
    kept = [entry for entry in found if not is_passed_over(entry.path.name, entry.is_folder)]
    return sorted(kept, key=lambda entry: entry.path.name)


def holds_logs(folder: Path) -> bool:
    """Whether ``folder`` is called as folders of logs are, and contains neither frames nor videos."""
    if not is_log_folder(folder.name):
        return False
    suffixes = {entry.path.suffix.lower() for entry in folder_entries(folder)}
    return not suffixes & (IMAGE_SUFFIXES | VIDEO_SUFFIXES)


def unknown_file(place: Path) -> InputError:
    """The error for a file of a kind that is not read: it may be a frame or a clip."""
    return InputError(f"{place}: is not a png, jpg, bmp, mp4, mkv, avi, mov … file; convert it or move it elsewhere")


def dead_link(place: Path) -> bool:
    """Whether ``place`` is a link whose target does not exist, or that leads back to itself."""
    return place.is_symlink() and not os.path.exists(place)  # noqa: PTH110 - Path.exists raises an error for a loop of links


def dead_link_error(place: Path) -> InputError:
    """The error for a dead link, with its target."""
    target = os.readlink(place)  # noqa: PTH115 - as it is stored
    try:
        place.stat()
        reason = "which exists now"
    except OSError as error:
        if error.errno == errno.ELOOP:
            return InputError(f"{place}: is a link that leads back to itself (to {target}); delete it, or point it to the clip")
        reason = "which does not exist" if error.errno == errno.ENOENT else f"which cannot be reached: {error.strerror}"
    return InputError(f"{place}: is a dead link (to {target}, {reason}); bring its target back, or delete the link")


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:
        # A loop of links.
        return False


def _is_dead(entry: os.DirEntry[str]) -> bool:
    return entry.is_symlink() and not os.path.exists(entry.path)  # noqa: PTH110 - as in dead_link
