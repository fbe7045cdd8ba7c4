"""A clip that is a folder of images, in the order of their numbers."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from natsort import natsorted

from mgld_bench.clips.clip import Clip, ClipFacts, Frame, frame_range
from mgld_bench.clips.digest import DigestCache, file_sha256, read_with
from mgld_bench.clips.image import image_kind, read_image, read_image_format
from mgld_bench.clips.image_headers import ImageFormat
from mgld_bench.clips.naming import printable
from mgld_bench.clips.numbering import DIGITS, first_number, number_place
from mgld_bench.clips.upright import UPRIGHT
from mgld_bench.errors import InputError


class FolderClip(Clip):
    """PNG, JPEG or BMP files of one kind and size, numbered without gaps."""

    def __init__(self, path: Path, images: Sequence[Path], name: str, cache: DigestCache | None = None) -> None:
        """Order the files and read the first image; every image is checked when it is decoded.

        Args:
            images: The image files of the folder ``path``, in any order.

        Raises:
            InputError: The names leave the order open or have a gap, formats are mixed, or the first image cannot be read.
        """
        kinds = {image_kind(file) for file in images}
        if len(kinds) > 1:
            raise InputError(
                f"{path}: contains images of different kinds ({', '.join(sorted(kinds))}); keep one kind in a clip's folder"
            )
        self.path = path
        self._images = in_order(path, images)
        self._cache = cache
        self._format = read_image_format(self._images[0])
        names = tuple(printable(file.stem) for file in self._images)
        number = first_number(names)
        self.facts = ClipFacts(
            name,
            len(self._images),
            self._format.height,
            self._format.width,
            names,
            lossy=self._format.lossy,
            conversion=self._format.conversion,
            numbered_from=() if number is None else (number,),
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See `Clip.frames`."""
        return (self._read(self._images[index]) for index in frame_range(self.facts, start, stop))

    def digest(self) -> str:
        """sha256 (hex) of a line per file, in order: its name and the sha256 of its bytes; and of how frames are turned."""
        digest = hashlib.sha256()
        for file in self._images:
            digest.update(f"{file_sha256(file, self._cache)}  {file.name}\n".encode(errors="surrogateescape"))
        return read_with(
            digest.hexdigest(), {} if self._format.orientation == UPRIGHT else {"orientation": self._format.orientation}
        )

    def _read(self, file: Path) -> Frame:
        stored, frame = read_image(file)
        _compare(file, stored, self._images[0], self._format)
        return frame


def _compare(file: Path, stored: ImageFormat, first_file: Path, first: ImageFormat) -> None:
    if (stored.width, stored.height) != (first.width, first.height):
        raise InputError(
            f"{file}: is {stored.width}x{stored.height}, "
            f"but {first_file.name}, the clip's first frame, is {first.width}x{first.height}"
        )
    if stored.samples != first.samples:
        raise InputError(
            f"{file}: has {stored.samples} samples, but {first_file.name}, the clip's first frame, has {first.samples}"
        )
    if stored.orientation != first.orientation:
        raise InputError(
            f"{file}: has EXIF orientation {stored.orientation}, but {first_file.name}, the clip's first frame, has "
            f"{first.orientation}; store all frames upright"
        )


def in_order(folder: Path, files: Sequence[Path]) -> list[Path]:
    """``files`` sorted by number: the last group of digits that differs between the names. The first number may be any.

    Raises:
        InputError: A number is missing or appears twice, or the names leave the order open; the message names the file.
    """
    ordered = natsorted(sorted(files), key=lambda file: file.name)
    if len(ordered) == 1:
        return ordered
    parts = [DIGITS.split(file.stem) for file in ordered]
    _check_pattern(folder, ordered, parts)
    place = number_place(parts)
    for before, after, left, right in zip(ordered, ordered[1:], parts, parts[1:], strict=False):
        number, following = int(left[place]), int(right[place])
        if number == following:
            raise InputError(f"{folder}: {before.name} and {after.name} are both frame {number}; keep one of them")
        if following < number:
            raise InputError(
                f"{folder}: the numbers start again at {after.name} (after {before.name}); put each clip into its own folder"
            )
        if following > number + 1:
            raise InputError(
                f"{folder}: frame {number + 1} is missing: {before.name} is followed by {after.name}; add it or renumber"
            )
    return ordered


def _check_pattern(folder: Path, files: Sequence[Path], parts: Sequence[list[str]]) -> None:
    """Raise InputError unless the names differ only in their digits."""
    for file, pieces in zip(files, parts, strict=True):
        if len(pieces) == 1:
            raise InputError(
                f"{folder}: {file.name} has no number in its name; name the frames 00000000{file.suffix}, 00000001{file.suffix} …"
            )
        if pieces[::2] != parts[0][::2]:
            raise InputError(
                f"{folder}: {file.name} is not named like {files[0].name}: the frames of a clip differ only in their numbers; "
                "move files that do not belong to it"
            )
