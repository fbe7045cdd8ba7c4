"""Finished results of another program, used as a method."""

from __future__ import annotations

import atexit
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

from pydantic import SerializerFunctionWrapHandler, field_validator, model_serializer

from mgld_bench.clips.clip import Clip, Frame
from mgld_bench.clips.colour import check_colour
from mgld_bench.clips.digest import DigestCache
from mgld_bench.clips.listing import dead_link
from mgld_bench.clips.naming import printable
from mgld_bench.clips.numbering import numbers_disagree
from mgld_bench.clips.reading import open_clip
from mgld_bench.clips.video import VIDEO_SUFFIXES
from mgld_bench.errors import InputError
from mgld_bench.home import bench_home
from mgld_bench.methods.compute import Compute
from mgld_bench.methods.restorer import FilesAwayError, Restorer, RestorerOptions

_SAVED_EVERY = 2.0
"""Seconds between two writes of the digests: what is lost in between is read again."""
_SETTLED = 2 * 10**9
"""Nanoseconds after which a change of a folder has a time of its own."""


class FinishedResultsOptions(RestorerOptions):
    """Where the finished results are."""

    folder: str
    """Holds ``<dataset>/<clip>`` or ``<clip>``: a folder of frames each, or a video of that name.

    A relative path starts from the card's folder.
    """
    colour: str = ""
    """Matrix and range of video without tags: bt601, bt709, bt601-full or bt709-full; "": by the number of rows, as elsewhere."""

    @field_validator("colour")
    @classmethod
    def _known(cls, colour: str) -> str:
        try:
            return check_colour(colour)
        except InputError as error:
            raise ValueError(str(error)) from None

    @model_serializer(mode="wrap")
    def _as_before(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without what is left to its default: keys of units are digests of this, and older cards have no such field."""
        fields: dict[str, Any] = write(self)
        return {name: value for name, value in fields.items() if name != "colour" or value}

    @field_validator("folder")
    @classmethod
    def _named(cls, folder: str) -> str:
        if not folder:
            raise ValueError("name the folder of the finished frames or videos")
        return folder


class FinishedResults(Restorer[FinishedResultsOptions]):
    """Frames or videos that already exist: read, checked for number and size, and otherwise left as they are.

    A clip of a dataset is looked for in ``folder/<dataset>`` first, then in ``folder``.
    """

    revision: ClassVar[int] = 1
    uses_device: ClassVar[bool] = False

    def __init__(
        self, options: FinishedResultsOptions, weights: Mapping[str, Path] | None, compute: Compute, dataset: str = ""
    ) -> None:
        super().__init__(options, weights, compute)
        self._dataset = dataset

    def for_dataset(self, dataset: str) -> FinishedResults:
        """The same folder, for clips of ``dataset``."""
        return FinishedResults(self.options, {}, self.compute, dataset)

    @classmethod
    def scales(cls, options: FinishedResultsOptions) -> None:
        """Any: the frames have to be that much larger than LR."""
        return

    def restore(self, clip: Clip, start: int = 0) -> Iterator[Frame]:
        """The finished frames. Raises InputError if their number or size does not match the LR clip."""
        finished = open_clip(_find(self.options, self._dataset, clip.name), clip.name, colour=self.options.colour)
        height, width = self.scale * clip.height, self.scale * clip.width
        if finished.frame_count != clip.frame_count:
            raise InputError(
                f"{finished.path}: has {finished.frame_count} frames, the LR clip {_place(clip)} has {clip.frame_count}"
            )
        numbers = numbers_disagree(finished.facts, clip.facts)
        if numbers:
            raise InputError(
                f"{finished.path}: the numbers of its frames and of the LR clip {_place(clip)} are {numbers}: they overlap, "
                "but do not begin together, so that it is unclear which frames belong together; number both alike"
            )
        if (finished.height, finished.width) != (height, width):
            raise InputError(
                f"{finished.path}: is {finished.width}x{finished.height}, "
                f"but x{self.scale} of the LR clip {_place(clip)} is {width}x{height}"
            )
        yield from finished.frames(start)

    def notes(self, clip: Clip) -> Mapping[str, str]:
        """Whether the results were stored with lossy compression, and how they were converted to RGB."""
        facts = open_clip(_find(self.options, self._dataset, clip.name), clip.name, colour=self.options.colour).facts
        notes = {"lossy": "the finished results were stored with lossy compression"} if facts.lossy else {}
        return notes | {name: str(value) for name, value in facts.conversion.items()}

    @classmethod
    def depends_on(cls, options: FinishedResultsOptions, dataset: str, clip: str) -> str:
        """The digest of the finished files. Raises InputError if there are none."""
        cache = _digests(bench_home() / "finished-results.json")
        digest = open_clip(_find(options, dataset, clip), clip, cache).digest()
        cache.save(at_most_every=_SAVED_EVERY)
        return digest


@lru_cache
def _digests(file: Path) -> DigestCache:
    """The digests of all finished files, read once: a report of 50 clips and 9 methods asks 450 times."""
    cache = DigestCache(file)

    def save_the_rest() -> None:
        with suppress(InputError):
            cache.save()

    atexit.register(save_the_rest)
    return cache


def _find(options: FinishedResultsOptions, dataset: str, clip: str) -> Path:
    """The folder of frames or the video of one clip. Raises FilesAwayError where the whole folder is away."""
    folder = options.path("folder")
    places = [folder / dataset, folder] if dataset else [folder]
    for place in places:
        found = _clips_called(clip, place)
        if len(found) > 1:
            raise InputError(f"{place}: {found[0].name} and {found[1].name} are both results of clip {clip}; keep one of them")
        if found:
            return found[0]
    line = f"no finished results of clip {clip}: looked for a folder of frames or a video of that name in {_listed(places)}"
    raise InputError(line) if folder.exists() else FilesAwayError(line)


def _clips_called(name: str, place: Path) -> list[Path]:
    try:
        entries = _entries(place).get(name, ()) if place.is_dir() else ()
    except OSError as error:
        raise InputError(f"{place}: cannot be read: {error.strerror}") from None
    return [
        entry
        for entry in entries
        if (printable(entry.name) == name and (entry.is_dir() or dead_link(entry)))
        or (printable(entry.stem) == name and entry.suffix.lower() in VIDEO_SUFFIXES)
    ]


def _entries(place: Path) -> Mapping[str, Sequence[Path]]:
    """What is in a folder, by name with and without ending; read again only where the folder has changed."""
    changed = place.stat().st_mtime_ns
    # A folder that has just changed may change again within the clock's resolution.
    settled = place.is_absolute() and time.time_ns() - changed > _SETTLED
    return _listed_at(place, changed) if settled else _listed_at.__wrapped__(place, changed)


@lru_cache(maxsize=32)
def _listed_at(place: Path, changed: int) -> Mapping[str, Sequence[Path]]:
    found: dict[str, list[Path]] = {}
    for entry in sorted(place.iterdir()):
        for name in dict.fromkeys((printable(entry.name), printable(entry.stem))):
            found.setdefault(name, []).append(entry)
    return found


def _listed(places: list[Path]) -> str:
    return " and ".join(str(place) for place in places)


def _place(clip: Clip) -> str:
    return clip.name if clip.path is None else str(clip.path)
