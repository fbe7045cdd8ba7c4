"""The parts of a report card that lay out its table: rows and columns, costs, published values."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mgld_bench.plain_data import PlainData

CostColumn = Literal["trained", "parameters", "flops", "seconds", "fps", "memory", "first-frame"]
"""What `mgld-bench profile` measures, as columns: parameters that were trained and all of them, floating-point operations and
seconds per frame, frames per second, peak memory, seconds to the first frame."""
ALL_CLIPS = "all clips"
"""What the line of all clips is called in a table by a tag of clips."""


class TableLayout(PlainData):
    """How the table is laid out."""

    orientation: Literal["methods-as-columns", "methods-as-rows"] = "methods-as-columns"
    digits: dict[str, int] = Field(default_factory=dict)
    """Digits per metric, by its short or full name in any case, where they are not the metric's own."""
    mark_best: bool = True
    attributes: tuple[str, ...] = ()
    """Attributes of the method cards that are headings of rows, in this order: true and false become check marks and crosses."""
    baseline: str = ""
    """The method to which differences are taken, clip by clip; "": the first of the table."""
    by: str = ""
    """A tag of clips: instead of one line per dataset and metric there is one for each value of the tag, and one of all clips."""


class CostTable(PlainData):
    """A table of what methods cost, in place of scores: `mgld-bench run` measures it, as `mgld-bench profile` does."""

    sizes: tuple[Annotated[str, Field(pattern=r"^[1-9]\d{0,4}x[1-9]\d{0,4}$")], ...] = Field(default=("128x128",), min_length=1)
    """WIDTHxHEIGHT of the LR input in pixels; each is measured."""
    frames: int = Field(default=10, gt=0)
    """Frames of the input, over which the time of a run is divided."""
    columns: tuple[CostColumn, ...] = Field(
        default=("trained", "parameters", "seconds", "fps", "memory", "first-frame"), min_length=1
    )


class Published(PlainData):
    """The published values that are printed beside ours."""

    file: str
    """CSV: table,dataset,method,metric,value (titles as printed), or table,row,metric,value for a table of one dataset. In the
    card's file relative to it; absolute once loaded."""
    table: str
    source: str = ""
    rows: dict[str, str] = Field(default_factory=dict)
    """By method, what the file calls it, where that is not its title."""
    metrics: dict[str, str] = Field(default_factory=dict)
    """By short metric name or column of costs, what the file calls it, where that is neither its title nor this name."""
    size: str = ""
    """For costs: the size of the LR input that they belong to, WIDTHxHEIGHT."""
