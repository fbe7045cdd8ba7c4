"""What the parts of a report card must have in common: figures name only methods and datasets of their report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeAlias

from mgld_bench.cards.figures import (
    PIXEL_METRICS,
    AnyFigure,
    CostFigure,
    CropsFigure,
    RadarFigure,
    Shot,
    SweepFigure,
    TemporalProfileFigure,
    VotesFigure,
    file_stems,
)
from mgld_bench.cards.schemas import ReportCard
from mgld_bench.cards.validation import field_error
from mgld_bench.errors import InputError, did_you_mean

Named: TypeAlias = tuple[tuple[str | int, ...], str]
"""A field, as steps from its figure, and the name in it."""


def check_report(card: ReportCard) -> None:
    """Raise InputError, with file and line, where a report without figures asks for nothing, or a figure for what it has not."""
    _check_table(card)
    for index, dataset in enumerate(card.datasets):
        if not dataset.metrics and not card.figures:
            raise field_error(card, ("datasets", index, "metrics"), "names no metric, and the card has no figures")
    needs_clips = not card.figures or any(not isinstance(figure, VotesFigure) for figure in card.figures)
    if needs_clips and not card.datasets and card.costs is None:
        raise field_error(card, ("datasets",), "names no dataset")
    if needs_clips and not card.methods:
        raise field_error(card, ("methods",), "names no method")
    stems = file_stems(card.figures, card.name)
    for index, figure in enumerate(card.figures):
        if stems[index] in stems[:index]:
            raise _error(card, index, ("name",), f"two figures would be called {stems[index]}: give one of them a different name")
        _check_names(card, index, _methods(figure), "method", card.methods)
        _check_names(card, index, _datasets(figure), "dataset", [dataset.name for dataset in card.datasets])
        _check_figure(card, index, figure)
    # A method that is highlighted may come in by --methods: it need not be one of the card's.


def _check_table(card: ReportCard) -> None:
    if card.costs is None and not card.protocol:
        raise field_error(card, ("protocol",), "is missing")
    for field, value in (("protocol", card.protocol), ("datasets", card.datasets)):
        if card.costs is not None and value:
            raise field_error(card, (field,), "a table of costs has none")
    if card.table.attributes and card.table.orientation != "methods-as-rows":
        raise field_error(card, ("table", "attributes"), "are headings of rows: set orientation: methods-as-rows")
    # A baseline may come in by --methods, as it may be highlighted: it need not be one of the card's.


def _check_names(card: ReportCard, index: int, named: Iterator[Named], what: str, known: Sequence[str]) -> None:
    for steps, name in named:
        if name and name not in known:
            hint = did_you_mean(name, known, f"there are: {', '.join(known)}")
            raise _error(card, index, steps, f"{name!r} is not a {what} of this report; {hint}")


def _check_figure(card: ReportCard, index: int, figure: AnyFigure) -> None:
    if isinstance(figure, CropsFigure):
        if figure.between and figure.between[0] == figure.between[1]:
            raise _error(card, index, ("between",), "names the same method twice")
        if not figure.between and figure.metric not in PIXEL_METRICS:
            raise _error(card, index, ("metric",), "needs the two methods that are compared in it: add between: [one, other]")
    if isinstance(figure, TemporalProfileFigure):
        if figure.row is not None and figure.column is not None:
            raise _error(card, index, ("column",), "a profile is along a row or a column, not both")
        for field, pair in (("span", figure.span), ("frames", figure.frames)):
            if pair is not None and not 0 <= pair[0] < pair[1]:
                raise _error(card, index, (field,), f"must be [first, last] with last after first, not {list(pair)}")
        if figure.span and figure.row is None and figure.column is None:
            raise _error(card, index, ("span",), "needs the row or column of which it is a part")
    if isinstance(figure, SweepFigure) and figure.axis == "log" and any(value < 0 for value in figure.values):
        raise _error(card, index, ("values",), "a log axis has no negative values")


def _methods(figure: AnyFigure) -> Iterator[Named]:
    yield from ((("methods", place), name) for place, name in enumerate(figure.methods))
    if isinstance(figure, CropsFigure):
        yield from ((("between", place), name) for place, name in enumerate(figure.between or ()))
    if isinstance(figure, SweepFigure):
        yield ("method",), figure.method


def _datasets(figure: AnyFigure) -> Iterator[Named]:
    if isinstance(figure, TemporalProfileFigure | CostFigure):
        yield ("dataset",), figure.dataset
    if isinstance(figure, RadarFigure):
        yield from ((("datasets", place), name) for place, name in enumerate(figure.datasets))
    for steps, shot in _shots(figure):
        yield (*steps, "dataset"), shot.dataset


def _shots(figure: AnyFigure) -> Iterator[tuple[tuple[str | int, ...], Shot]]:
    if isinstance(figure, CropsFigure):
        yield from ((("shots", place), shot) for place, shot in enumerate(figure.shots))
    if isinstance(figure, SweepFigure) and figure.shot:
        yield ("shot",), figure.shot


def _error(card: ReportCard, index: int, steps: tuple[str | int, ...], message: str) -> InputError:
    return field_error(card, ("figures", index, *steps), message)
