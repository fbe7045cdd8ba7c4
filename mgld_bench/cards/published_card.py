"""The schema of a published set: rows of a paper's tables that stand beside ours, and by which test sets are recognised."""

from __future__ import annotations

from pydantic import Field

from mgld_bench.cards.schemas import Card, Publication
from mgld_bench.plain_data import PlainData


class TestSet(PlainData):
    """What a publication states about the copy of a test set that it used; None where it does not."""

    __test__ = False

    clips: int | None = Field(default=None, gt=0)
    frames: int | None = Field(default=None, gt=0)
    """Of each clip."""
    lr: str = ""
    """Where its LR clips came from, in words."""


class PublishedCard(Card):
    """Numbers that somebody published: rows of a paper's tables, under which protocol, on which copies of the test sets."""

    kind = "published"

    file: str
    """CSV: table, dataset, method, metric, value; and reading (checked or unchecked), source and link of each row. In the card's
    file relative to it; absolute once loaded."""
    tables: tuple[str, ...] = ()
    """Only these of the file; none: all."""
    protocol: str = ""
    """The protocol card under which the numbers were made; "": there is none."""
    variants: dict[str, str] = Field(default_factory=dict)
    """Short name -> full variant of what was printed, for metrics that ``protocol`` does not name."""
    unstated: tuple[str, ...] = ()
    """Short names whose variant the source does not state, beyond those that ``protocol`` assumes."""
    printed: dict[str, str] = Field(default_factory=dict)
    """By short name, what the file calls the metric, where that is not the short name itself, in any case."""
    scales: dict[str, float] = Field(default_factory=dict)
    """By short name, what a printed value is multiplied by to be on the scale of our metric: 0.01 for DOVER times 100."""
    rows: dict[str, str] = Field(default_factory=dict)
    """By method card, what the file calls the method. Rows without a method card are shown, but never put beside ours."""
    test_sets: dict[str, TestSet] = Field(default_factory=dict)
    """By the file's name of a dataset."""
    publication: Publication = Publication()
