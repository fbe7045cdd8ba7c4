"""Where there is something to see in frames: the rectangle, or the part of a line, with the largest sum of a map.

Maps are (height, width) float64, one value per pixel, none negative.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import cv2
import numpy as np
import numpy.typing as npt

from mgld_bench.clips.clip import Frame

Map = npt.NDArray[np.float64]
Along = Literal["row", "column"]


@dataclass(frozen=True)
class Region:
    """A rectangle in pixels of the ground truth."""

    top: int
    left: int
    height: int
    width: int

    @property
    def rows(self) -> slice:
        """Of its pixels."""
        return slice(self.top, self.top + self.height)

    @property
    def columns(self) -> slice:
        """Of its pixels."""
        return slice(self.left, self.left + self.width)


@dataclass(frozen=True)
class Line:
    """A part of a row or column of pixels."""

    along: Along
    index: int
    first: int
    """The first pixel of the part, and with ``last`` the last one."""
    last: int

    @property
    def length(self) -> int:
        """Pixels."""
        return self.last - self.first + 1


def structure(frame: Frame) -> Map:
    """The magnitude of the luma's gradient."""
    return np.asarray(np.hypot(structure_along(frame, "column"), structure_along(frame, "row")))


def structure_along(frame: Frame, along: Along) -> Map:
    """How much the luma changes from pixel to pixel along each row or column."""
    luma = cv2.cvtColor(frame, cv2.COLOR_RGB2GRAY).astype(np.float64)
    axis = 1 if along == "row" else 0
    return np.abs(np.gradient(luma, axis=axis)) if luma.shape[axis] > 1 else np.zeros_like(luma)


def disagreement(frames: Sequence[Frame]) -> Map:
    """The variance between several pictures of the same scene, summed over the channels; zero for one picture."""
    total = np.zeros(frames[0].shape, dtype=np.float64)
    squares = np.zeros_like(total)
    for frame in frames:
        values = frame.astype(np.float64)
        total += values
        squares += values * values
    variance: Map = np.maximum(squares / len(frames) - (total / len(frames)) ** 2, 0).sum(axis=2)
    return variance


def error(frame: Frame, other: Frame, metric: str) -> Map:
    """The ``squared-error`` or ``absolute-error`` of each pixel, summed over the channels."""
    difference = frame.astype(np.float64) - other
    summed: Map = (np.abs(difference) if metric == "absolute-error" else difference * difference).sum(axis=2)
    return summed


def best_region(maps: Sequence[Map], height: int, width: int, step: int) -> tuple[Region, float]:
    """The ``height`` x ``width`` rectangle with the largest product of its mean values in ``maps``, and that product.

    Its corner lies on multiples of ``step``, so that it can be made of whole LR pixels. Of equals, the topmost and then the
    leftmost is taken. A map that is zero everywhere does not count.
    """
    size = maps[0].shape
    tops, lefts = np.arange(0, size[0] - height + 1, step), np.arange(0, size[1] - width + 1, step)
    product = np.ones((len(tops), len(lefts)))
    for weights in maps:
        if weights.any():
            product *= _window_sums(weights, tops, lefts, height, width) / (height * width)
    # Rounded, because equal areas differ in the last bits of their sums.
    largest = float(product.max())
    row, column = np.unravel_index(np.argmax(np.round(product / (largest or 1.0), 9)), product.shape)
    return Region(int(tops[row]), int(lefts[column]), height, width), largest


def best_line(weights: Mapping[Along, Map], length: Literal["third"] | int, index: int | None = None) -> Line:
    """The part of a row or column where the mean of its map is largest.

    Args:
        weights: a map for each direction in which the line may run.
        length: pixels of the part; third: a third of the row or column.
        index: the row or column, where it is given.
    """
    found = []
    for along, values in weights.items():
        turned = values if along == "row" else values.T
        part = max(1, turned.shape[1] // 3) if length == "third" else min(length, turned.shape[1])
        region, mean = best_region([turned if index is None else turned[index : index + 1]], 1, part, 1)
        line = Line(along, region.top if index is None else index, region.left, region.left + part - 1)
        found.append((mean, line))
    return max(found, key=lambda candidate: candidate[0])[1]


def spread_over(count: int, most: int) -> list[int]:
    """At most ``most`` of the numbers 0 … count - 1, evenly spread, the middle of each part.

    >>> spread_over(10, 2)
    [2, 7]
    """
    parts = min(count, most)
    return [(2 * part + 1) * count // (2 * parts) for part in range(parts)]


def _window_sums(weights: Map, tops: npt.NDArray[np.int_], lefts: npt.NDArray[np.int_], height: int, width: int) -> Map:
    sums = np.asarray(cv2.integral(weights))
    return np.asarray(
        sums[np.ix_(tops + height, lefts + width)]
        - sums[np.ix_(tops, lefts + width)]
        - sums[np.ix_(tops + height, lefts)]
        + sums[np.ix_(tops, lefts)]
    )
