"""The temporal profiles of a report, drawn where they are missing and put into its folder."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from mgld_bench.clips.atomic import write_bytes_atomic
from mgld_bench.clips.digest import text_digest
from mgld_bench.engine.progress import Progress
from mgld_bench.report.clip_ids import clip_id
from mgld_bench.report.collect.data import PictureSource, ReportData
from mgld_bench.report.page.scripts import data_script
from mgld_bench.report.profiles.sprite import (
    LENGTH,
    MOST_LINES,
    QUALITY,
    REVISION,
    Lines,
    choose_lines,
    sprite_sizes,
    write_sprite,
)
from mgld_bench.report.videos.budget import readable
from mgld_bench.report.videos.kept import KeptFile, make_missing, missing, put
from mgld_bench.report.videos.wanted import Side, sides_of

_BYTES_PER_PIXEL: Final = 0.33
"""Of sprites of natural video, measured."""


def draw_profiles(
    data: ReportData, wanted: bool, folder: Path, kept: Path, progress: Progress, page_folder: Path | None = None
) -> tuple[Path, ...]:
    """Draw the temporal profiles of every side of every clip.

    Args:
        data: Its pictures are what is drawn.
        wanted: Otherwise the page is only informed that there are none.
        folder: The report's; profiles go to ``folder``/profiles, and what there is to ``folder``/data/profiles.js.
        kept: Where they are kept from report to report.
        progress: Hears how far it is.
        page_folder: Where the page is, to which addresses are relative; default: ``folder``.

    Returns:
        The files.

    Raises:
        InputError: A frame cannot be read, or a file cannot be written.
    """
    sources = {clip_id(source.dataset, source.clip): source for source in data.pictures} if wanted else {}
    lines = {name: _lines(source) for name, source in sources.items()}
    files = {
        (name, side.key): (side, _file(side, lines[name], _scale(source, side)))
        for name, source in sources.items()
        for side in sides_of(source)
    }
    _announce([side for side, file in files.values() if missing([file], kept)], kept, progress)
    make_missing([file for _, file in files.values()], kept, progress, "profiles")
    written: list[Path] = []
    clips: dict[str, dict[str, Any]] = {
        name: {"rows": chosen.rows, "columns": chosen.columns, "sides": {}} for name, chosen in lines.items()
    }
    for (name, key), (side, file) in files.items():
        stem = key if key in {"LR", "GT"} else f"method.{key}"
        target = folder / "profiles" / name / f"{stem}{file.suffix}"
        put(file, kept, target)
        written.append(target)
        row, column = sprite_sizes(side.clip.height, side.clip.width)
        clips[name]["sides"][key] = {
            "src": quote(target.relative_to(page_folder or folder).as_posix()),
            "frames": side.clip.frame_count,
            "row": row,
            "column": column,
        }
    listed = folder / "data" / "profiles.js"
    write_bytes_atomic(listed, data_script("profiles", clips).encode())
    return (listed, *written)


def _announce(sides: Sequence[Side], kept: Path, progress: Progress) -> None:
    """State how much is about to be drawn."""
    if sides:
        size = sum(
            2 * MOST_LINES * side.clip.frame_count * max(sprite_sizes(side.clip.height, side.clip.width)) for side in sides
        )
        progress.log(f"profiles: {len(sides)} to draw, about {readable(size * _BYTES_PER_PIXEL)} in {kept}")


def _lines(source: PictureSource) -> Lines:
    return choose_lines(source.full.height, source.full.width, source.full.frame_count)


def _scale(source: PictureSource, side: Side) -> int:
    return max(1, round(source.full.width / side.clip.width))


def _file(side: Side, lines: Lines, scale: int) -> KeptFile:
    what = {
        "profiles": side.content,
        "lines": [lines.rows, lines.columns, scale],
        "drawn": [LENGTH, QUALITY, REVISION],
    }
    make: Callable[[Path, Callable[[], None]], None] = partial(write_sprite, side.clip, lines, scale)
    return KeptFile(text_digest(what), ".jpg", side.clip.frame_count, make)
