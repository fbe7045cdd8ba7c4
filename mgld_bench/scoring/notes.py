"""Notes of scores, grouped: what holds for many clips is one line."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from mgld_bench.errors import first_of

_NAMED: Final = 3
"""Clips that a line names, before it counts the rest."""


def grouped_notes(notes: Iterable[tuple[str, str, str]]) -> Iterator[tuple[str, str]]:
    """Notes of clips, each once.

    Args:
        notes: (what they are of, such as a method; "" where that need not be named; the clip; the note).

    Yields:
        (what they are of, and the clips; the note), in the order in which the notes came.

    >>> list(grouped_notes([("m", "000", "lossy"), ("m", "011", "lossy"), ("m", "000", "late"), ("m", "000", "lossy")]))
    [('m, clips 000, 011', 'lossy'), ('m, clip 000', 'late')]
    """
    clips: dict[tuple[str, str], dict[str, None]] = {}
    for owner, clip, note in notes:
        clips.setdefault((owner, note), {})[clip] = None
    for (owner, note), names in clips.items():
        named = f"clip{'s' if len(names) > 1 else ''} {first_of(list(names), _NAMED)}"
        yield (f"{owner}, {named}" if owner else named), note
