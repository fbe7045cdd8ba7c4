"""What drawing a figure gives, and what keeps it from being drawn."""

from __future__ import annotations

from dataclasses import dataclass

from matplotlib.figure import Figure


@dataclass(frozen=True)
class Drawing:
    """A drawn figure, ready to be saved within figure_settings()."""

    figure: Figure
    statement: str
    """Sentences that the caption has to contain: which frames and places, how enlarged, how normalised, how many votes."""
    missing: tuple[str, ...] = ()
    """What was asked for and is not shown, with the reason."""
    dpi: float = 300.0
    """Of the PNG."""


class NothingToDrawError(Exception):
    """A figure has no data at all; says which is missing, and what to do."""
