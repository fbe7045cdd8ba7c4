"""What the page of a comparison shows of its players, as plain data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class PlayedClip:
    """A clip that can be watched."""

    name: str
    """In the page's address; see clip_id()."""
    worst: int | None
    """The frame in which the candidates are furthest behind, by all metrics with scores of single frames; None: not known."""
    best: int | None
    """That in which they are furthest ahead; likewise."""


@dataclass(frozen=True)
class PlayerFiles:
    """What the page loads."""

    folder: str
    """Its address; it belongs beside the page."""
    styles: tuple[str, ...]
    """In ``folder``/page, likewise ``scripts``."""
    scripts: tuple[str, ...]


@dataclass(frozen=True)
class Players:
    """The players of a page, or why there are none."""

    files: PlayerFiles | None = None
    """None where there are no players."""
    clips: Mapping[tuple[str, str], PlayedClip] = field(default_factory=dict)
    """By dataset and clip; what cannot be watched is absent."""
    notes: tuple[str, ...] = ()
    """What cannot be watched, and why; one line each."""
