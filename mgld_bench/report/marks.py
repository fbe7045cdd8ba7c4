"""Footnotes of single cells: gaps, infinite scores, flat area, and sets that a method was trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from mgld_bench.report.data import ReportData
from mgld_bench.report.headings import dataset_headings, method_headings
from mgld_bench.report.scored import ScoredCell

NAMED_CLIPS = 5
"""More missing clips than this are counted, not named."""
FLAT_SHARE = 0.05
"""NIQE and BRISQUE are unsure on flat area; above this share of a clip it is said."""


@dataclass(frozen=True)
class Footnote:
    """What a mark in cells stands for."""

    mark: str
    text: str


class Footnotes:
    """Letters for texts: a, b, … z, aa, …; equal texts share a letter."""

    def __init__(self) -> None:
        self._marks: dict[str, str] = {}

    def add(self, texts: Sequence[str]) -> tuple[str, ...]:
        """The marks of ``texts``."""
        return tuple(self._marks.setdefault(text, _letters(len(self._marks))) for text in texts)

    def all(self) -> tuple[Footnote, ...]:
        """Every footnote so far, in order."""
        return tuple(Footnote(mark, text) for text, mark in self._marks.items())


def footnotes_of(data: ReportData, cell: ScoredCell) -> tuple[str, ...]:
    """The texts that belong to one cell."""
    dataset = dataset_headings(data)[cell.dataset]
    texts = []
    if cell.missing or not cell.expected_clips:
        texts.append(_gap(cell))
    infinite = [clip for clip, value in cell.scores.items() if math.isinf(value)]
    if infinite:
        texts.append(f"Infinite because of {_names(infinite)} of {dataset}: restored frames that equal the ground truth.")
    trained_on = {title.casefold() for title in data.methods[cell.method].publication.trained_on}
    if trained_on & {cell.dataset.casefold(), data.datasets[cell.dataset].heading.casefold()}:
        texts.append(f"{method_headings(data)[cell.method]} was trained on {dataset}.")
    if cell.flat_share > FLAT_SHARE:
        title = data.metrics[cell.metric].title
        texts.append(f"{title} is unsure on flat area, which is up to {cell.flat_share:.0%} of a clip of {dataset} here.")
    return tuple(texts)


def _gap(cell: ScoredCell) -> str:
    reason = f": {cell.gap}" if cell.gap else ""
    count = f"{len(cell.scores)} of {len(cell.expected_clips)} clips scored"
    if not cell.scores:
        return f"{count}{reason}."
    return f"{count}, without {_names(cell.missing)}{reason}; not ranked."


def _names(clips: Sequence[str]) -> str:
    if len(clips) <= NAMED_CLIPS:
        return ", ".join(clips)
    return f"{', '.join(clips[:NAMED_CLIPS])} and {len(clips) - NAMED_CLIPS} more"


def _letters(index: int) -> str:
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, len(ascii_lowercase))
        name = ascii_lowercase[letter] + name
    return name
