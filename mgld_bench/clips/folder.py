"""A clip that is a folder of images."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from mgld_bench.clips.clip import Clip, ClipFacts, Frame
from mgld_bench.clips.digest import DigestCache, file_sha256
from mgld_bench.clips.frame_range import frame_range
from mgld_bench.clips.image import image_kind, read_image, read_image_format
from mgld_bench.clips.image_format import ImageFormat
from mgld_bench.clips.numbering import in_order
from mgld_bench.errors import InputError


class FolderClip(Clip):
    """PNG, JPEG or BMP files of one kind and size, numbered without gaps."""

    def __init__(self, path: Path, images: Sequence[Path], name: str, cache: DigestCache | None = None) -> None:
        """``images``: the files of the folder ``path``, in any order; the first is read here, each is checked when it is decoded.

        Raises InputError for names that leave the order open, a gap, mixed formats or a first image that cannot be read.
        """
        kinds = {image_kind(file) for file in images}
        if len(kinds) > 1:
            raise InputError(
                f"{path}: holds images of different kinds ({', '.join(sorted(kinds))}): keep one kind in a clip's folder"
            )
        self.path = path
        self._images = in_order(path, images)
        self._cache = cache
        self._format = read_image_format(self._images[0])
        names = tuple(file.stem for file in self._images)
        self.facts = ClipFacts(
            name,
            len(self._images),
            self._format.height,
            self._format.width,
            names,
            lossy=self._format.lossy,
            conversion=self._format.conversion,
        )

    def frames(self, start: int = 0, stop: int | None = None) -> Iterator[Frame]:
        """See Clip.frames."""
        return (self._read(self._images[index]) for index in frame_range(self.facts, start, stop))

    def digest(self) -> str:
        """sha256 (hex) of a line per file, in order: its name and the sha256 of its bytes."""
        digest = hashlib.sha256()
        for file in self._images:
            digest.update(f"{file_sha256(file, self._cache)}  {file.name}\n".encode(errors="surrogateescape"))
        return digest.hexdigest()

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
    if stored != first:
        raise InputError(
            f"{file}: holds {stored.samples} samples, but {first_file.name}, the clip's first frame, {first.samples}"
        )
