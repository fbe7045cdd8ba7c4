"""The numbers in the names of frames, and whether those of two clips can belong together."""

from __future__ import annotations

import re
from collections.abc import Sequence

from mgld_bench.clips.clip import ClipFacts

DIGITS = re.compile(r"([0-9]+)")


def number_place(parts: Sequence[list[str]]) -> int:
    """Where frames' names, split at `DIGITS`, have their number: the last group of digits that differs, or the last of all."""
    places = range(len(parts[0]) - 2, 0, -2)
    return next((place for place in places if len({int(pieces[place]) for pieces in parts}) > 1), places[0])


def first_number(names: Sequence[str]) -> int | None:
    """The number of the first of some frames' names, which are alike but for their numbers; None where they have none.

    >>> first_number(["im2_x4", "im3_x4"])
    2
    """
    parts = [DIGITS.split(name) for name in names]
    return None if min(len(pieces) for pieces in parts) == 1 else int(parts[0][number_place(parts)])


def numbers_disagree(ours: ClipFacts, theirs: ClipFacts) -> str:
    """How the numbers of two clips of the same length contradict each other, e.g. ``2 to 11 and 0 to 9``; "" where they do not.

    Counting from 0 and from 1 is the same. Numbers that have nothing in common, such as 1000 to 1009 and 0 to 9, are no
    contradiction; but where most names are found on both sides, position and name would pair different frames.
    """
    pairs = [(one, other) for one in ours.numbered_from for other in theirs.numbered_from]
    if not pairs or any(abs(one - other) <= 1 or abs(one - other) >= ours.frame_count for one, other in pairs):
        return ""
    one, other = pairs[0]
    last = ours.frame_count - 1
    return f"{one} to {one + last} and {other} to {other + last}"
