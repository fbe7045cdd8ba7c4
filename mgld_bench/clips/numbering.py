"""The order of a folder's frames: their numbers, without a gap."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from natsort import natsorted

from mgld_bench.errors import InputError

_DIGITS = re.compile(r"([0-9]+)")


def in_order(folder: Path, files: Sequence[Path]) -> list[Path]:
    """``files`` by their numbers: the last group of digits that differs between the names. They may begin anywhere.

    Raises InputError that names the file for a gap, a number that is there twice, and names that leave the order open.
    """
    ordered = natsorted(sorted(files), key=lambda file: file.name)
    if len(ordered) == 1:
        return ordered
    parts = [_DIGITS.split(file.stem) for file in ordered]
    _check_pattern(folder, ordered, parts)
    place = _number_place(parts)
    for before, after, left, right in zip(ordered, ordered[1:], parts, parts[1:], strict=False):
        number, following = int(left[place]), int(right[place])
        if number == following:
            raise InputError(f"{folder}: {before.name} and {after.name} are both frame {number}: keep one of them")
        if following < number:
            raise InputError(
                f"{folder}: the numbers begin again at {after.name} (after {before.name}): put each clip into a folder of its own"
            )
        if following > number + 1:
            raise InputError(
                f"{folder}: frame {number + 1} is missing: {before.name} is followed by {after.name}; add it or renumber"
            )
    return ordered


def _check_pattern(folder: Path, files: Sequence[Path], parts: Sequence[list[str]]) -> None:
    """The names differ in their digits only."""
    for file, pieces in zip(files, parts, strict=True):
        if len(pieces) == 1:
            raise InputError(
                f"{folder}: {file.name} has no number in its name: name the frames 00000000{file.suffix}, 00000001{file.suffix} …"
            )
        if pieces[::2] != parts[0][::2]:
            raise InputError(
                f"{folder}: {file.name} is not named like {files[0].name}: frames of one clip differ in their numbers only; "
                "move what does not belong to it"
            )


def _number_place(parts: Sequence[list[str]]) -> int:
    """The position among the pieces of the last group of digits whose value differs; the last one where none does."""
    places = range(len(parts[0]) - 2, 0, -2)
    return next((place for place in places if len({int(pieces[place]) for pieces in parts}) > 1), places[0])
