"""What stands around a table: footnotes of cells, how it was averaged, what its metrics are, where its numbers come from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import ascii_lowercase

from mgld_bench.errors import first_of
from mgld_bench.metrics.metric import MOST_FLAT_SHARE
from mgld_bench.report.collect.data import ReportData
from mgld_bench.report.collect.origins import stated as stated_origins
from mgld_bench.report.collect.scored import ScoredCell, card_metrics

NAMED_CLIPS = 5
"""Missing clips beyond these are counted, not named."""


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
    dataset = data.dataset_headings[cell.dataset]
    texts = []
    if cell.missing or not cell.expected_clips:
        texts.append(_gap(cell))
    infinite = [clip for clip, value in cell.scores.items() if math.isinf(value)]
    if infinite:
        texts.append(f"Infinite because of {_names(infinite)} of {dataset}: restored frames that equal the ground truth.")
    trained_on = {title.casefold() for title in data.methods[cell.method].publication.trained_on}
    if trained_on & {cell.dataset.casefold(), data.datasets[cell.dataset].heading.casefold()}:
        texts.append(f"{data.method_headings[cell.method]} was trained on {dataset}.")
    if cell.flat_share > MOST_FLAT_SHARE:
        title = data.metrics[cell.metric].title
        texts.append(f"{title} is unreliable on flat area, which is up to {cell.flat_share:.0%} of a clip of {dataset} here.")
    return tuple(texts)


def caption(data: ReportData, cells: Sequence[ScoredCell]) -> str:
    """Protocol, frames, averaging and the counts of clips and frames."""
    counts = [_counts(data, name, [cell for cell in cells if cell.dataset == name]) for name in data.datasets]
    parts = [f"Protocol {data.protocol.name}: {data.protocol.selection}", "mean over the frames of a clip, then over clips"]
    return f"{'; '.join(parts)}. {' '.join(text for text in counts if text)}".strip()


def legend(data: ReportData, headings: Mapping[str, str], metrics: Sequence[str]) -> tuple[str, ...]:
    """One line per metric of the table: its title, its variant, which way is better."""
    lines = []
    for name in dict.fromkeys(metrics):
        facts = data.metrics[name]
        title = f"{headings[name]} is {name}" if headings[name] != name else name
        whole = "" if facts.per_frame else "; one score per clip, from all its frames"
        lines.append(f"{title} ({facts.direction} is better{whole})")
    return tuple(lines)


def notes(data: ReportData, lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """Facts about the whole table: what is absent, and what was found while scoring."""
    return (*_absent(data, lines), *data.footnotes)


def fine_print(data: ReportData, lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """What the protocol rests on and what it assumes for the table's metrics, licences, and where the numbers were made."""
    shown = [metric for _, metric in lines]
    stated = [f"Stated by the source: {text}" for text in data.protocol.about(data.protocol.stated, shown)]
    assumed = [f"Assumed: {text}" for text in data.protocol.about(data.protocol.assumed, shown)]
    return (*stated, *assumed, *_licences(data, lines), *stated_origins(data))


def _gap(cell: ScoredCell) -> str:
    if cell.unpublished and not cell.scores:
        return f"{cell.gap.rstrip('.')}.".replace("not published", "Not published", 1)
    reason = f": {cell.gap.rstrip('.')}" if cell.gap else ""
    count = f"{len(cell.scores)} of {len(cell.expected_clips)} clips scored"
    if not cell.scores:
        return f"{count}{reason}."
    return f"{count}, without {_names(cell.missing)}{reason}; not ranked."


def _names(clips: Sequence[str]) -> str:
    return first_of(clips, NAMED_CLIPS)


def _letters(index: int) -> str:
    name = ""
    index += 1
    while index:
        index, letter = divmod(index - 1, len(ascii_lowercase))
        name = ascii_lowercase[letter] + name
    return name


def _counts(data: ReportData, dataset: str, cells: Sequence[ScoredCell]) -> str:
    """How many clips and frames a dataset's complete cells have; metrics with other counts are named."""
    if not cells:
        return ""
    by_count: dict[str, list[str]] = {}
    for metric in dict.fromkeys(cell.metric for cell in cells):
        scored = {cell.frames for cell in cells if cell.metric == metric and cell.frames is not None and not cell.missing}
        if scored:
            low, high = min(scored), max(scored)
            by_count.setdefault(f"{low}" if low == high else f"{low} to {high}", []).append(data.metric_headings[metric])
    clips = max(len(cell.expected_clips) for cell in cells)
    text = f"{data.dataset_headings[dataset]}: {clips} {'clip' if clips == 1 else 'clips'}"
    if len(by_count) == 1:
        return f"{text}, {next(iter(by_count))} frames scored."
    if by_count:
        counted = "; ".join(f"{count} for {', '.join(titles)}" for count, titles in by_count.items())
        return f"{text}, frames scored: {counted}."
    return f"{text}."


def _absent(data: ReportData, lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    """What the report card asks for but the table does not show."""
    methods = [name for name in data.card.methods if name not in data.methods]
    datasets = [entry.name for entry in data.card.datasets if entry.name not in data.datasets]
    metrics = [
        f"{metric} on {heading}"
        for name, heading in data.dataset_headings.items()
        for metric in card_metrics(data, name)
        if (name, metric) not in lines
    ]
    kinds = (("methods", methods), ("datasets", datasets), ("metrics", metrics))
    return tuple(f"In the report card but not in this table: {kind} {', '.join(names)}." for kind, names in kinds if names)


def _licences(data: ReportData, lines: Sequence[tuple[str, str]]) -> tuple[str, ...]:
    headings, titles = data.method_headings, data.metric_headings
    methods = [f"{headings[name]} {card.publication.license}" for name, card in data.methods.items() if card.publication.license]
    shown = dict.fromkeys(metric for _, metric in lines)
    metrics = [f"{titles[name]} {data.metrics[name].license}" for name in shown if data.metrics[name].license]
    kinds = (("methods", methods), ("metrics", metrics))
    return tuple(f"Licences of {kind}: {'; '.join(texts)}." for kind, texts in kinds if texts)
