"""Clips that differ: each as far as possible from those that are chosen already, in ranks of what they show."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Chosen:
    """A clip of the spread, and why it was taken."""

    clip: tuple[str, str]
    """Dataset and name."""
    nearest: tuple[str, str] | None
    """Of those that were chosen before, the one nearest to it; None for the first."""
    distance: float
    """How far that is, where 1 is the whole range of one property; of the first: from the middle of all."""


def choose_spread(properties: Mapping[tuple[str, str], Sequence[float]], count: int) -> list[Chosen]:
    """``count`` clips that cover what there is, in the order in which they are taken.

    Every property becomes ranks from 0 to 1, so that neither its unit nor a single extreme value decides. First comes the clip
    farthest from the middle of all; then, again and again, the clip whose nearest chosen one is farthest away (farthest-point
    sampling). Of equals, the first by dataset and name is taken: the same clips always give the same choice.

    Args:
        properties: By clip, its properties in a fixed order, finite numbers.
        count: How many, no more than there are.
    """
    clips = sorted(properties)
    points = _ranks(np.array([properties[clip] for clip in clips], dtype=np.float64))
    from_middle = np.linalg.norm(points - points.mean(axis=0), axis=1)
    first = _farthest(from_middle)
    chosen = [Chosen(clips[first], None, float(from_middle[first]))]
    nearest = np.full(len(clips), first)
    distances = np.linalg.norm(points - points[first], axis=1)
    taken = {first}
    while len(chosen) < count:
        free = np.where([index in taken for index in range(len(clips))], -1.0, distances)
        index = _farthest(free)
        chosen.append(Chosen(clips[index], clips[int(nearest[index])], float(distances[index])))
        taken.add(index)
        new = np.linalg.norm(points - points[index], axis=1)
        nearest = np.where(new < distances, index, nearest)
        distances = np.minimum(distances, new)
    return chosen


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Mean ranks from 0 to 1, column by column; 0.5 for a single clip."""
    # Takes half a second to import.
    from scipy.stats import rankdata

    if len(values) == 1:
        return np.full(values.shape, 0.5)
    return np.asarray((rankdata(values, axis=0) - 1) / (len(values) - 1), dtype=np.float64)


def _farthest(distances: npt.NDArray[np.float64]) -> int:
    """The first of the largest; rounded, because equal distances differ in their last bits."""
    return int(np.argmax(np.round(distances, 9)))
