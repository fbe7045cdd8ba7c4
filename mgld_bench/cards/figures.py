"""The figures that a report card may name under ``figures:``; ``kind`` says which one an entry is. Unknown fields are errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from mgld_bench.plain_data import PlainData

Enlargement = Literal["nearest", "bicubic"]
PIXEL_METRICS = ("squared-error", "absolute-error")
"""What can be computed of every pixel without a metric of the catalogue; against GT, or of two methods where there is none."""


class Box(PlainData):
    """A rectangle of the frame, in pixels of the ground truth (of the restored clip)."""

    top: int = Field(ge=0)
    left: int = Field(ge=0)
    height: int = Field(gt=0)
    width: int = Field(gt=0)


class Shot(PlainData):
    """What is shown of one clip. What is left out is found, and the figure's caption states what was found."""

    dataset: str
    clip: str = ""
    """"": the clip of the dataset where there is most to see, by the figure's ``between`` and ``metric``."""
    frame: int | None = Field(default=None, ge=0)
    """Where several consecutive frames are shown, the first."""
    box: Box | None = None


class Figure(PlainData):
    """The fields that all figures have."""

    name: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9._-]*)?$")
    """Of its files; "": the card's name where the card has one figure, else its kind."""
    title: str = ""
    """On the page and in lists of figures; it is not drawn, since papers print captions."""
    caption: str = ""
    """Of the LaTeX snippet and the page, in front of what the figure states itself (frames, places, normalisation)."""
    width: float = Field(default=7.0, ge=3.0, le=14.0)
    """Inches. The letters keep their size (7 to 9 points)."""
    methods: tuple[str, ...] = ()
    """Some of the report's methods, in this order; empty: all."""


class CropsFigure(Figure):
    """The whole frame with a box, and beside it the box enlarged for LR, each method and GT; or a row per method over frames."""

    kind: Literal["crops"]
    shots: tuple[Shot, ...] = ()
    """One block each; empty: one for each dataset of the report."""
    consecutive: int = Field(default=1, ge=1, le=12)
    """Above 1: so many consecutive frames, as columns, with a row per method."""
    size: tuple[int, int] | None = None
    """[width, height] of boxes that are found, in pixels of the ground truth; None: about a sixth of the frame's width."""
    between: tuple[str, str] | None = None
    """Two methods: boxes, frames and clips are found where these differ most; None: where all differ and GT has structure."""
    metric: str = "squared-error"
    """In what ``between`` differ: squared-error, absolute-error, or a metric per frame that the report scores (that decides clip
    and frame; the box is where their squared errors differ most)."""
    enlargement: Enlargement = "nearest"
    """Of the crops; LR is always enlarged nearest."""
    scores: tuple[str, ...] = ()
    """Metrics whose scores of the frame are printed below each crop."""


class TemporalProfileFigure(Figure):
    """A row or column of pixels over time for LR, each method and GT, and the frame with the line drawn on it."""

    kind: Literal["temporal-profile"]
    dataset: str = ""
    """"": the report's first."""
    clip: str = ""
    """"": the clip whose profile differs most between methods."""
    row: int | None = Field(default=None, ge=0)
    """Of the ground truth; with neither ``row`` nor ``column`` the line is found where the methods' profiles differ most."""
    column: int | None = Field(default=None, ge=0)
    span: tuple[int, int] | None = None
    """First and last pixel of the line; None: the part of it, about a third of the frame, where the methods differ most."""
    frames: tuple[int, int] | None = None
    """First and last frame; None: all."""


class VotesFigure(Figure):
    """Bars of a pairwise user study: for each pair of methods the shares of the votes, with 95 % intervals."""

    kind: Literal["votes"]
    votes: str
    """CSV with the columns method_a, method_b, choice (a, b or tie) and, where there are several, question; looked for beside the
    card's file, then in the workspace. Methods are names of cards or titles. With the columns participant, dataset and clip too,
    intervals are over other participants and clips; other columns are ignored."""
    study: str = Field(default="", pattern=r"^([a-z0-9][a-z0-9._-]*)?$")
    """A user study of the workspace (studies/NAME): the votes that its last result counts, where there is no file of votes."""
    of: str = ""
    """Only votes between this method and others, its share first; "": every pair."""
    questions: dict[str, str] = Field(default_factory=dict)
    """Titles of questions, by what is in the column; a panel for each of the file's questions."""


class SweepFigure(Figure):
    """A numeric option of a method: crops at each value, and curves of every metric against it."""

    kind: Literal["sweep"]
    method: str
    option: str
    """Its points are those of the report's methods, or of ``methods``, that differ from ``method`` in this option alone."""
    values: tuple[float, ...] = ()
    """Only these; one that no method of the report has is missing. Empty: every value that there is."""
    label: str = ""
    """Printed for the option; "": its name."""
    axis: Literal["linear", "log"] = "linear"
    """log: with 0 among the values, linear below the smallest other one."""
    metrics: tuple[str, ...] = ()
    """Some of the report's metrics; empty: all."""
    shot: Shot | None = None
    """What the crops show; None: found in the report's first dataset with frames. See ``crops``."""
    crops: bool = True
    size: tuple[int, int] | None = None
    """As in `CropsFigure`."""
    enlargement: Enlargement = "nearest"


class CostFigure(Figure):
    """Quality against cost: a point per method."""

    kind: Literal["cost"]
    metric: str
    dataset: str = ""
    """"": the report's first that has the metric."""
    against: Literal["seconds", "parameters"] = "seconds"
    """seconds: per frame, as measured when the dataset's clips were restored; parameters: of the method's card."""
    axis: Literal["linear", "log"] = "log"
    published: bool = False
    """Draw published scores (``published`` of the report) and ``published_seconds`` where measured ones lack, hollow."""
    published_seconds: dict[str, float] = Field(default_factory=dict)
    """Seconds per frame by method, as somebody printed them."""
    published_source: str = ""
    """Who printed them, and on which hardware."""


class RadarFigure(Figure):
    """All metrics at a glance, each normalised from the worst to the best of the methods shown."""

    kind: Literal["radar"]
    form: Literal["radar", "parallel"] = "radar"
    datasets: tuple[str, ...] = ()
    """A panel each; empty: all of the report's."""
    metrics: tuple[str, ...] = ()
    """Some of the report's metrics; empty: all."""


AnyFigure: TypeAlias = Annotated[
    CropsFigure | TemporalProfileFigure | VotesFigure | SweepFigure | CostFigure | RadarFigure, Field(discriminator="kind")
]


def file_stems(figures: Sequence[AnyFigure], card: str) -> list[str]:
    """The name of the files of each of a card's figures.

    >>> file_stems([RadarFigure(kind="radar"), RadarFigure(kind="radar"), RadarFigure(kind="radar", name="mine")], "card")
    ['radar', 'radar-2', 'mine']
    """
    unnamed: Counter[str] = Counter()
    stems = []
    for figure in figures:
        unnamed[figure.kind] += not figure.name
        number = f"-{unnamed[figure.kind]}" if unnamed[figure.kind] > 1 else ""
        stems.append(figure.name or (card if len(figures) == 1 else f"{figure.kind}{number}"))
    return stems
