"""What a report is made of, as digests: what is made of the same is the same, and need not be made again."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel

from mgld_bench.clips.digest import file_sha256
from mgld_bench.clips.frame_rate import frames_per_second
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.collect.highlighted import highlighted_methods
from mgld_bench.report.videos.wanted import sides_of

_PACKAGE: Final = Path(__file__).parents[1]
_DRAWN_BY: Final = ("matplotlib", "numpy", "scipy", "pillow", "opencv-python-headless", "jinja2")
"""Packages whose version decides what a report looks like."""


def made_of(*parts: object) -> str:
    """A digest of plain values, dataclasses and cards, in the order in which they come, and of the program."""
    text = json.dumps([_program(), *parts], separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode()).hexdigest()


def report_made_of(data: ReportData, formats: Sequence[str], against_published: bool, against: str = "") -> str:
    """A digest of everything that a report shows, but for the command that asked for it and its videos."""
    plain = dataclasses.replace(data, command="", pictures=(), figure_files={})
    # Those of the user's own cards, which the cards themselves do not show.
    highlighted = sorted(highlighted_methods(data))
    files = {name: file_sha256(path) for name, path in data.figure_files.items()}
    published = data.card.published if against_published else None
    pictures = [picture_made_of(source) for source in data.pictures]
    beside = None if published is None else file_sha256(Path(published.file))
    return made_of(plain, highlighted, files, pictures, formats, beside, against)


def picture_made_of(source: PictureSource) -> list[object]:
    """What decides the frames of a clip, of every side."""
    sides = [(side.key, side.content, side.clip.frame_count, side.clip.height, side.clip.width) for side in sides_of(source)]
    return [source.dataset, source.clip, str(frames_per_second(source.full)), sides]


@lru_cache(maxsize=1)
def _program() -> list[object]:
    """The files of this package, and the packages that draw."""
    digest = hashlib.sha256()
    for path in sorted(path for path in _PACKAGE.rglob("*") if path.suffix != ".pyc" and path.is_file()):
        digest.update(f"{path.relative_to(_PACKAGE)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return [digest.hexdigest(), *(version(name) for name in _DRAWN_BY)]


def _plain(value: object) -> Any:  # noqa: ANN401 - whatever JSON can hold
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value).__name__} is no plain value")
