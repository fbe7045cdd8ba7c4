"""The cells of a report, completed: one per line and method, even where nothing has been scored."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from mgld_bench.report.collect.data import Cell, ReportData


@dataclass(frozen=True)
class ScoredCell:
    """The usable scores behind one number."""

    dataset: str
    method: str
    metric: str
    scores: Mapping[str, float]
    """By clip, in the order of the dataset; no NaN."""
    expected_clips: tuple[str, ...]
    frames: int | None
    """Scored frames of all clips; None where no clip has scores per frame."""
    flat_share: float
    """The largest share of flat area of a clip, where the metric reports it, else 0."""
    gap: str = ""
    category: str = ""
    """The value of the tag by which clips are divided; "": all clips."""
    unpublished: bool = False
    """See Cell."""

    @property
    def place(self) -> tuple[str, str, str, str]:
        """Dataset, category, metric and method."""
        return self.dataset, self.category, self.metric, self.method

    @property
    def missing(self) -> tuple[str, ...]:
        """The expected clips without a score."""
        return tuple(clip for clip in self.expected_clips if clip not in self.scores)


def scored_cells(data: ReportData, tag: str = "") -> tuple[ScoredCell, ...]:
    """One cell for each method and each (dataset, metric) that occurs in ``data``, in the order of the report card.

    A method without a cell of its own is a gap of as many clips as the other methods have. NaN counts as not scored.

    Args:
        data: what the report shows.
        tag: of clips: after the cells of all clips of a dataset there are those of each of its values; "": only all clips.
    """
    lines = _lines(data)
    given = {(cell.dataset, cell.metric, cell.method): cell for cell in data.cells}
    expected: dict[tuple[str, str], tuple[str, ...]] = {}
    for cell in data.cells:
        known = expected.get((cell.dataset, cell.metric), ())
        expected[cell.dataset, cell.metric] = tuple(dict.fromkeys((*known, *cell.expected_clips)))
    return tuple(
        _scored(given.get((*line, method)) or Cell(line[0], method, line[1], {}, (), "not scored"), clips, category)
        for dataset in data.datasets
        for category, members in _categories(data, dataset, tag).items()
        for line in lines
        if line[0] == dataset
        if (clips := expected[line] if members is None else tuple(clip for clip in expected[line] if clip in members))
        or members is None
        for method in data.methods
    )


def _categories(data: ReportData, dataset: str, tag: str) -> dict[str, set[str] | None]:
    """The clips of each value of a tag, in the order of the dataset's card; first all clips (None) under ""."""
    found: dict[str, set[str]] = {}
    tagged = {clip.name: clip.tags.get(tag, "") for clip in data.datasets[dataset].clips}
    if tag and any(tagged.values()):
        for cell in data.cells:
            for clip in (*tagged, *cell.expected_clips) if cell.dataset == dataset else ():
                found.setdefault(tagged.get(clip) or f"no {tag}", set()).add(clip)
    return {"": None, **found}


def card_metrics(data: ReportData, dataset: str) -> tuple[str, ...]:
    """The full variants that the report card asks for on a dataset, in its order."""
    spelled = {name.lower(): name for name in data.metrics}
    asked = [data.protocol.resolve(metric) for entry in data.card.datasets if entry.name == dataset for metric in entry.metrics]
    return tuple(spelled.get(metric.lower(), metric) for metric in asked)


def _lines(data: ReportData) -> list[tuple[str, str]]:
    """The (dataset, metric) lines that occur: those of the card in its order, then the rest as they come."""
    occurring = dict.fromkeys((cell.dataset, cell.metric) for cell in data.cells)
    asked = [(dataset, metric) for dataset in data.datasets for metric in card_metrics(data, dataset)]
    ordered = [*(line for line in asked if line in occurring), *occurring]
    position = {dataset: index for index, dataset in enumerate(data.datasets)}
    return sorted(dict.fromkeys(ordered), key=lambda line: position[line[0]])


def _scored(cell: Cell, expected_clips: tuple[str, ...], category: str = "") -> ScoredCell:
    usable = {
        clip: cell.scores[clip] for clip in expected_clips if clip in cell.scores and not math.isnan(cell.scores[clip].value)
    }
    lost = [clip for clip in expected_clips if clip in cell.scores and clip not in usable]
    counts = [len(score.per_frame) for score in usable.values() if score.per_frame is not None]
    flat = [share for score in usable.values() if isinstance(share := score.facts.get("flat_share", 0.0), float)]
    reasons = [*([cell.gap] if cell.gap else []), *([f"{', '.join(lost)}: not a number"] if lost else [])]
    return ScoredCell(
        dataset=cell.dataset,
        method=cell.method,
        metric=cell.metric,
        scores={clip: score.value for clip, score in usable.items()},
        expected_clips=expected_clips,
        frames=sum(counts) if counts else None,
        flat_share=max(flat, default=0.0),
        gap="; ".join(reasons),
        category=category,
        unpublished=cell.unpublished,
    )
