"""Where below the folder that a user names a dataset may lie: archives and collections nest it one or two deep."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from mgld_bench.cards.schemas import DatasetCard
from mgld_bench.clips.listing import folder_entries
from mgld_bench.errors import InputError

_MOST_FOLDERS = 300
"""Folders of one level that are looked into; a level with more holds clips, not datasets."""


def levels_below(source: Path) -> Iterator[list[Path]]:
    """The folders one level below ``source``, then those two levels below it."""
    level = [source]
    for _ in range(2):
        level = [folder for above in level for folder in _folders(above)]
        if len(level) > _MOST_FOLDERS:
            return
        yield level


def bears_name(folder: Path, card: DatasetCard) -> bool:
    """Whether a folder is called like the dataset, whatever the case and the signs between.

    Folders of clips without anything around them, such as those of a differently degraded copy, are only trusted below it.
    """
    return _plain(folder.name) in {_plain(card.name), _plain(card.heading)}


def with_padded_names(places: Mapping[str, Path], names: list[str]) -> dict[str, Path]:
    """The places, with the clip 000 of a card found in a folder 0 or 00 where that can be no different clip."""
    found = dict(places)
    for name in names:
        same = [there for there in places if there not in names and _same_number(there, name)]
        if name not in places and len(same) == 1:
            found[name] = places[same[0]]
    return found


def _folders(above: Path) -> list[Path]:
    try:
        return [entry.path for entry in folder_entries(above) if entry.is_folder]
    except InputError:
        # A folder that cannot be read holds nothing that can be used.
        return []


def _same_number(first: str, second: str) -> bool:
    return first.isdecimal() and second.isdecimal() and int(first) == int(second)


def _plain(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", text.casefold())
