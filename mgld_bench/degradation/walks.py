"""The random walks by which parameters drift from frame to frame."""

from __future__ import annotations

from collections.abc import Sequence

Limits = tuple[float, float]


def walk(start: float, increments: Sequence[float], limits: Limits) -> list[float]:
    """One value per increment: frame 0 has ``start``; after frame f increment f is added and the value clipped to ``limits``."""
    values = [start]
    for increment in increments[:-1]:
        values.append(_clip(values[-1] + increment, limits))
    return values[: len(increments)]


def walk_rounded(start: float, increments: Sequence[float], limits: Limits) -> list[int]:
    """The same walk on integers: each value is rounded half to even before the next step."""
    values = [round(start)]
    for increment in increments[:-1]:
        values.append(round(_clip(values[-1] + increment, limits)))
    return values[: len(increments)]


def _clip(value: float, limits: Limits) -> float:
    return min(max(value, limits[0]), limits[1])
