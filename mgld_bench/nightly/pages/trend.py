"""A trend as data for a drawing: a value per night, with its interval, in units of the drawing."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mgld_bench.nightly.history import Night

WIDTH: Final = 860.0
HEIGHT: Final = 150.0
_LEFT: Final = 70.0
_RIGHT: Final = 20.0
_ROOM: Final = 14.0
_MOST_LABELS: Final = 30
"""Numbers of nights that have room beside each other."""


@dataclass(frozen=True)
class Value:
    """What is drawn of one night; ``low`` and ``high`` are None where there is no interval."""

    night: Night
    middle: float
    low: float | None
    high: float | None
    text: str
    """In words, for who points at it."""


@dataclass(frozen=True)
class Point:
    """A value in the drawing."""

    value: Value
    x: float
    y: float
    low: float | None
    high: float | None
    label: str
    """The number of its night; "" where there is no room for all of them."""


@dataclass(frozen=True)
class Drawing:
    """A trend, ready to be drawn."""

    title: str
    remark: str
    points: tuple[Point, ...]
    top: str
    """The value at the upper end, printed; likewise ``bottom``."""
    bottom: str
    zero: float | None
    """Where 0 is; None where it is outside."""
    radius: float
    """Of a point: smaller where there are many."""
    steps: tuple[float, ...] = ()
    """Where a new level begins."""


def draw(title: str, remark: str, values: Sequence[Value], digits: int, steps: Sequence[int] = ()) -> Drawing | None:
    """The drawing of a trend; None where there is nothing finite to draw. ``steps``: the numbers of nights that begin a level."""
    shown = [value for value in values if math.isfinite(value.middle)]
    if not shown:
        return None
    ends = [end for value in shown for end in (value.middle, value.low, value.high) if end is not None]
    low, high = min(ends), max(ends)
    if high == low:
        low, high = low - 10.0**-digits, high + 10.0**-digits
    across = (WIDTH - _LEFT - _RIGHT) / max(1, len(shown) - 1)

    def y(value: float) -> float:
        return round(_ROOM + (high - value) / (high - low) * (HEIGHT - 2 * _ROOM), 1)

    every = -(-len(shown) // _MOST_LABELS)
    points = tuple(
        Point(
            value,
            round(_LEFT + index * across, 1),
            y(value.middle),
            None if value.low is None else y(value.low),
            None if value.high is None else y(value.high),
            str(value.night.id) if (len(shown) - 1 - index) % every == 0 else "",
        )
        for index, value in enumerate(shown)
    )
    marks = tuple(round(point.x - min(across / 2, 20.0), 1) for point in points if point.value.night.id in steps)
    zero = y(0.0) if low <= 0 <= high else None
    radius = round(min(5.0, max(2.0, across / 2)), 1)
    return Drawing(title, remark, points, f"{high:.{digits}f}", f"{low:.{digits}f}", zero, radius, marks)
