"""Checks of the sizes in a network's config: ValueError with one line that names the field."""

from __future__ import annotations

from collections.abc import Iterable

NORM_GROUPS = 32
"""Groups of the group normalisations in Stable Diffusion's networks."""


def check_positive(**sizes: float) -> None:
    """Raise ValueError unless every one of ``sizes``, given by field name, is above 0."""
    for name, size in sizes.items():
        if size <= 0:
            raise ValueError(f"{name} {size:g}: has to be positive")


def check_not_negative(**sizes: int) -> None:
    """Raise ValueError unless every one of ``sizes``, given by field name, is 0 or more."""
    for name, size in sizes.items():
        if size < 0:
            raise ValueError(f"{name} {size}: has to be 0 or more")


def check_widths(widths: Iterable[int]) -> None:
    """Raise ValueError unless each number of channels can be normalised in ``NORM_GROUPS`` groups."""
    for width in widths:
        if width < NORM_GROUPS or width % NORM_GROUPS:
            raise ValueError(f"{width} channels: not a multiple of {NORM_GROUPS}, the number of groups of normalisations")


def check_heads(widths: Iterable[int], heads: int, what: str) -> None:
    """Raise ValueError unless each number of channels is a multiple of ``heads``; ``what`` names these in the message."""
    for width in widths:
        if heads < 1 or width % heads:
            raise ValueError(f"{width} channels: not a multiple of {heads} {what}")
